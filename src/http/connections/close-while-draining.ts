import type { FastifyInstance } from 'fastify'
import type { Readiness } from '../readiness.ts'

/**
 * Asks clients to open a new connection while the service is draining. Otherwise a connection that is kept alive would
 * send further requests, and would delay the end of the process until it has been idle for a minute.
 */
export function closeConnectionsWhileDraining(app: FastifyInstance, readiness: Readiness): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (readiness.isDraining) reply.header('Connection', 'close')
    done()
  })
}
