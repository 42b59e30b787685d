import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Secret } from '../../security/secret.ts'

/** Counting must not make a request wait: an answer later than this is as good as none. */
const PATIENCE_MS = 250
/** After a failure Redis is left alone for so long, or each request of an outage would wait in vain. */
const RETRY_AFTER_MS = 5_000

export interface SharedCounters {
  readonly redis: Redis
  /** What `count` answers; null while Redis is out, and for a while after. */
  use<Counted>(count: () => Promise<Counted>): Promise<Counted | null>
  close(): void
}

/** The Redis that replicas count in. Nothing fails for want of it: an outage is logged once, and so is its end. */
export async function connectSharedCounters(url: Secret, log: Logger): Promise<SharedCounters> {
  const { Redis } = await import('ioredis') // 8 MB that a service without Redis need not carry
  const redis = new Redis(url.reveal(), {
    connectTimeout: 2_000,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 10), RETRY_AFTER_MS),
  })
  let isOut = false
  let restsUntil = 0

  function noteFailure(reason: string): void {
    restsUntil = performance.now() + RETRY_AFTER_MS
    if (!isOut) log.warn({ reason }, 'Redis is out: each replica limits requests by itself')
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
        if (isOut) log.info('Redis is back: the replicas limit requests together')
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
