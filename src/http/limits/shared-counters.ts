import RedisStore from '@fastify/rate-limit/store/RedisStore.js'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Secret } from '../../security/secret.ts'

/** The longest time that a request waits for Redis. A later response is not used. */
const LONGEST_WAIT_MS = 250
/** After a failure, Redis is not used for this time. Otherwise every request during an outage would wait in vain. */
const RETRY_AFTER_MS = 5_000

export interface SharedCounters {
  readonly redis: Redis
  /** Returns what `count` answers, or null while Redis cannot be reached and for a short time after. */
  use<Counted>(count: () => Promise<Counted>): Promise<Counted | null>
  close(): void
}

/**
 * Connects to the Redis server in which the replicas count together. An outage of Redis makes no request fail. The
 * start and the end of an outage are logged once.
 */
export async function connectSharedCounters(url: Secret, log: Logger): Promise<SharedCounters> {
  const { Redis } = await import('ioredis') // loaded here, because it takes 8 MB that a service without Redis does not need
  const redis = new Redis(url.reveal(), {
    connectTimeout: 2_000,
    commandTimeout: LONGEST_WAIT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 10), RETRY_AFTER_MS),
  })
  let isOut = false
  let restsUntil = 0

  function noteFailure(reason: string): void {
    restsUntil = performance.now() + RETRY_AFTER_MS
    if (!isOut) log.warn({ reason }, 'Redis cannot be reached; each replica limits requests by itself')
    isOut = true
  }
  redis.on('error', (error: Error) => noteFailure(error.message))
  redis.on('ready', () => {
    restsUntil = 0
  })

  return {
    redis,
    async use(count) {
      if (performance.now() < restsUntil) return null
      try {
        const counted = await count()
        if (isOut) log.info('Redis can be reached again; the replicas limit requests together')
        isOut = false
        return counted
      } catch (error) {
        noteFailure(error instanceof Error ? error.message : String(error))
        return null
      }
    },
    close: () => redis.disconnect(),
  }
}

/**
 * The plugin's store for Redis, under keys that begin with the prefix. The plugin itself would put `undefinedundefined-` into
 * every key, because it expects each counter to belong to one route.
 */
export function sharedStore(redis: Redis, prefix: string): object {
  return class extends RedisStore {
    constructor() {
      super(false, false, redis, prefix)
    }

    override child(): this {
      return this
    }
  }
}
