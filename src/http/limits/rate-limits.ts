/** The number of requests that one client may make within a number of seconds, counted from its first request. */
export interface RateLimit {
  readonly most: number
  readonly windowSeconds: number
}

/**
 * The number of requests that one client may make to each route. A client is a network (domain/throttle/network.ts), so a
 * whole office behind one address is one client: 1,000 people who sign in within ten minutes must not reach the limit.
 * RATE_LIMIT_FACTOR multiplies the numbers. docs/limits.md explains them.
 *
 * These limits keep one client from using up what all clients share. They limit neither guesses at a password
 * (domain/throttle/throttle-attempt.ts) nor mails to an address (domain/mails/planning/mail-limits.ts).
 */
export const rateLimits = {
  /** Most of these requests compute a password hash. Two cores can compute 9 a second; this limit allows 2 a second. */
  passwords: { most: 1200, windowSeconds: 600 },
  /** Each request sends a mail, possibly to another person. */
  mailing: { most: 1200, windowSeconds: 600 },
  /** Secrets of 256 bits cannot be guessed. This limit only reduces useless load. */
  links: { most: 1200, windowSeconds: 600 },
  /** The secret of a service client. */
  clientSecrets: { most: 1200, windowSeconds: 600 },
  /** Batches of a mail provider's events. */
  webhooks: { most: 600, windowSeconds: 60 },
  /** One gateway makes these requests for all of its users. */
  gateways: { most: 60_000, windowSeconds: 60 },
  /** Paths that do not exist, which scanners request. */
  unknownRoutes: { most: 600, windowSeconds: 60 },
  everythingElse: { most: 6000, windowSeconds: 60 },
} as const satisfies Record<string, RateLimit>

export type RateLimitName = keyof typeof rateLimits
