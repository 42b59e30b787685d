/** How long a verifier may go on with the JWKS it has: the `max-age` of the answer. */
export const JWKS_CACHE_SECONDS = 300

/** A key signs only once every cache that lacks it has run out, twice over: caches sit behind caches. */
export const PUBLISH_BEFORE_USE_SECONDS = 2 * JWKS_CACHE_SECONDS

/** How far apart the clocks of two machines may be. */
export const CLOCK_LEEWAY_SECONDS = 30

/** How often each process reads the keys again; a rotation has reached all of them after that. */
export const RELOAD_KEYS_SECONDS = 5

/** A signing key is relieved by cron after this long. */
export const ROTATE_EVERY_DAYS = 90

/** How long a retired key still verifies: its last token's life, and then whoever is slow. */
export function keepAfterUseSeconds(accessTokenLifeSeconds: number): number {
  return accessTokenLifeSeconds + CLOCK_LEEWAY_SECONDS + JWKS_CACHE_SECONDS
}
