/** So many requests of one client in so many seconds, counted from its first. */
export interface RateLimit {
  readonly most: number
  readonly windowSeconds: number
}

/**
 * How much one client may ask of each route; a client is a network (domain/throttle/network.ts), and an office behind one
 * address is one client too: 1,000 people signing in within ten minutes must not notice. RATE_LIMIT_FACTOR multiplies
 * these. They bound what one client costs everybody else; guesses at a password are bounded by the throttle
 * (domain/throttle/throttle.ts) and mails to an address by the worker (domain/mails/mail-limits.ts), whatever is set here. docs/limits.md says it in words.
 */
export const rateLimits = {
  /** A bcrypt call each: 2 a second of the 9 that two cores can do. */
  hashing: { most: 1200, windowSeconds: 600 },
  /** A mail each, perhaps to a stranger. */
  mailing: { most: 1200, windowSeconds: 600 },
  /** Secrets of 256 bits are not found by guessing: what is limited is noise. */
  links: { most: 1200, windowSeconds: 600 },
  /** The secret of a service client. */
  clientSecrets: { most: 1200, windowSeconds: 600 },
  /** One gateway asks for everybody behind it. */
  gateways: { most: 60_000, windowSeconds: 60 },
  /** Paths that do not exist: what a scanner asks for. */
  unknownRoutes: { most: 600, windowSeconds: 60 },
  everythingElse: { most: 6000, windowSeconds: 60 },
} as const satisfies Record<string, RateLimit>

export type RateLimitName = keyof typeof rateLimits

/** The routes that have a limit of their own. Each counts for itself; a test finds a row whose route is gone. */
export const limitOfRoute: Readonly<Record<string, RateLimitName>> = {
  'POST /v1/register': 'hashing',
  'POST /v1/login': 'hashing',
  'POST /v1/reauthenticate': 'hashing',
  'POST /v1/password/change': 'hashing',
  'POST /v1/password/reset': 'hashing',
  'POST /v1/email/change': 'hashing',
  'POST /v1/password/check': 'hashing', // no hash, but perhaps a question to the breach list
  'POST /v1/password/forgot': 'mailing',
  'POST /v1/email/verify/resend': 'mailing',
  'POST /v1/email/verify': 'links',
  'POST /v1/password/reset/check': 'links',
  'POST /v1/email/change/confirm': 'links',
  'POST /v1/email/change/revert': 'links',
  'POST /oauth/token': 'clientSecrets',
  'POST /oauth/introspect': 'gateways',
  'POST /oauth/revoke': 'gateways',
}

/** Asked by machines that must not be turned away: an orchestrator would take a 429 for a dead service. */
export const unlimitedRoutes: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics'])
