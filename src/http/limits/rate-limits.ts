/** The number of requests that one client may make within a number of seconds, counted from its first request. */
export interface RateLimit {
  readonly most: number
  readonly windowSeconds: number
}

/**
 * How much one client may ask of each route; a client is a network (domain/throttle/network.ts), and an office behind one
 * address is one client too: 1,000 people signing in within ten minutes must not notice. RATE_LIMIT_FACTOR multiplies
 * these. They bound what one client costs everybody else; guesses at a password are bounded by the throttle
 * (domain/throttle/throttle-attempt.ts) and mails to an address by the worker (domain/mails/mail-limits.ts), whatever is set here. docs/limits.md says it in words.
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
