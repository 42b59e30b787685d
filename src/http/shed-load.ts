import type { FastifyInstance } from 'fastify'
import type { Deps } from '../deps.ts'
import { Refusal } from '../domain/problems.ts'
import { unlimitedRoutes } from './rate-limits.ts'

/** Some 0.3 seconds' worth of statements: whoever comes behind them would wait for an answer nobody reads any more. */
const MOST_WAITING_FOR_THE_DATABASE = 1_500
const RETRY_AFTER_SECONDS = 2

/**
 * Refuses at once what would only lengthen the queue for the database: past that point a service that takes everything
 * answers nothing in time (and while the database hangs, each request would be held for the whole of its time-out).
 * The other scarce thing, a core for hashing, has its own bound: security/hashing-lane.ts. The event loop needs none:
 * nothing here occupies it for more than a millisecond at a time (bodies end at 16 KiB), so its delay is the queue
 * that is counted here, or another process's doing.
 */
export function shedLoad(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', async (request) => {
    if (deps.pool.waitingCount < MOST_WAITING_FOR_THE_DATABASE) return
    if (unlimitedRoutes.has(request.routeOptions.url ?? '')) return
    throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_SECONDS })
  })
}
