/** The part of the plugin's own store that this service uses. The package has no types for it. */
declare module '@fastify/rate-limit/store/RedisStore.js' {
  import type { Redis } from 'ioredis'

  export default class RedisStore {
    constructor(continueExceeding: boolean, exponentialBackoff: boolean, redis: Redis, key: string)
    child(options: object): RedisStore
  }
}
