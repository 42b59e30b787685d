import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { networkOf } from '../../domain/throttle/network.ts'
import { HashingLaneFull } from '../../security/hashing/hashing-lane.ts'
import { limitOf } from '../route-declaration.ts'
import { clientAddress } from './client-address.ts'

/**
 * These statements take about 0.3 seconds. A request that waits for more of them would be answered after its client has
 * given up.
 */
const MOST_WAITING_FOR_THE_DATABASE = 1_500
const RETRY_AFTER_SECONDS = 2

/**
 * Refuses a request before any work is done for it, if all it could do is wait. Two things are scarce: connections to the
 * database, and cores that hash passwords (security/hashing/hashing-lane.ts). Past their bounds, a service that accepted
 * everything would answer nothing in time. The event loop needs no bound of its own: no request occupies it for more than
 * a millisecond at a time (bodies end at 16 KiB).
 */
export function shedLoad(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions
    if (config.hashes && deps.hashingLane.refuses(networkOf(clientAddress(request)))) {
      throw new HashingLaneFull('the hashing lane is full')
    }
    if (deps.pool.waitingCount < MOST_WAITING_FOR_THE_DATABASE) return
    if (limitOf(config) === 'none') return
    throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_SECONDS })
  })
}
