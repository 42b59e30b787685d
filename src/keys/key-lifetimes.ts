/** How long a verifier may use a JWKS before it reads it again: the `max-age` of the response. */
export const JWKS_CACHE_SECONDS = 300

/**
 * A key signs only after every cache without it has expired. The time is doubled because one cache can read from
 * another.
 */
export const PUBLISH_BEFORE_USE_SECONDS = 2 * JWKS_CACHE_SECONDS

/** How far the clocks of two machines may differ. */
export const CLOCK_LEEWAY_SECONDS = 30

/** How often each process reads the keys again. A rotation has reached every process after this time. */
export const RELOAD_KEYS_SECONDS = 5

/**
 * A new secret key is used only after every process has read it. Otherwise a replica would refuse a token that another
 * replica has just made. The time covers several readings that fail, and clocks that differ.
 */
export const SECRET_KEY_LEAD_SECONDS = 60

/** After this time, cron rotates a signing key. */
export const ROTATE_EVERY_DAYS = 90

/** How long a retired key still verifies: the lifetime of its last token, and a margin for clocks and caches. */
export function keepAfterUseSeconds(accessTokenLifeSeconds: number): number {
  return accessTokenLifeSeconds + CLOCK_LEEWAY_SECONDS + JWKS_CACHE_SECONDS
}
