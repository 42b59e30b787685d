import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { HashingLaneFull } from '../../security/hashing-lane.ts'
import { limitOf } from '../declaration/route-declaration.ts'

/** Some 0.3 seconds' worth of statements: whoever comes behind them would wait for an answer nobody reads any more. */
const MOST_WAITING_FOR_THE_DATABASE = 1_500
const RETRY_AFTER_SECONDS = 2

/**
 * Refuses at once what would only lengthen the queue for the database: past that point a service that takes everything
 * answers nothing in time (and while the database hangs, each request would be held for the whole of its time-out).
 * The other scarce thing, a core for hashing, has its own bound: security/hashing-lane.ts. What would find that lane full
 * is turned away at the door, for a flood's excess must not cost two transactions each before it is refused, nor be
 * counted as a guess: somebody told to come back would find that he has tried too often. The event loop needs no bound:
 * nothing here occupies it for more than a millisecond at a time (bodies end at 16 KiB), so its delay is the queue
 * that is counted here, or another process's doing.
 */
export function shedLoad(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions
    if (config.hashes && deps.hashingLane.isFull()) throw new HashingLaneFull('the hashing lane is full')
    if (deps.pool.waitingCount < MOST_WAITING_FOR_THE_DATABASE) return
    if (limitOf(config) === 'none') return
    throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_SECONDS })
  })
}
