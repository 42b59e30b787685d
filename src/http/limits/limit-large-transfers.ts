import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../domain/problems.ts'
import { networkOf } from '../../domain/throttle/network.ts'
import { clientAddress } from './client-address.ts'

/** Each may hold some megabytes: a body of 1 MiB and what it parses to, or a page of the audit trail. */
const MOST_AT_A_TIME = 16
/** So that one client cannot take all places by sending slowly. */
const MOST_OF_A_CLIENT = 8
const RETRY_AFTER_SECONDS = 2

/**
 * Lets only a few requests at a time hold memory for a large body or a large answer: those to routes that declare
 * `isLarge`. The others are refused with 503 `overloaded`. A request takes its place after its caller has been checked and
 * before its body is read, and leaves it when its answer has been sent or its connection has closed.
 */
export function limitLargeTransfers(app: FastifyInstance): void {
  const clients: string[] = []
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (!request.routeOptions.config.isLarge) return done()
    const client = networkOf(clientAddress(request))
    const own = clients.filter((other) => other === client).length
    if (clients.length >= MOST_AT_A_TIME || own >= MOST_OF_A_CLIENT) {
      throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_SECONDS })
    }
    clients.push(client)
    reply.raw.once('close', () => clients.splice(clients.indexOf(client), 1))
    done()
  })
  app.addHook('onError', async (request, reply) => {
    const isUnread = request.body === undefined
    // Otherwise Node would still read the rest of the refused body.
    if (request.routeOptions.config.isLarge && isUnread) reply.header('Connection', 'close')
  })
}
