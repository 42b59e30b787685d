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
 * Refuses a request at once if it would only wait in a queue that is already too long. There are two such queues: for a
 * connection to the database, and for a core that hashes passwords (security/hashing/hashing-lane.ts). If the service
 * accepted everything, it would answer nothing in time. The event loop needs no limit of its own: no request occupies it
 * for more than a millisecond at a time (bodies end at 16 KiB).
 */
export function shedLoad(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { config } = request.routeOptions
    if (config.hashes && deps.hashingLane.refuses(networkOf(clientAddress(request)))) {
      throw new HashingLaneFull('the hashing lane is full')
    }
    if (deps.pool.waitingCount >= MOST_WAITING_FOR_THE_DATABASE && limitOf(config) !== 'none') {
      throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_SECONDS })
    }
    done()
  })
}
