import type { FastifyInstance } from 'fastify'
import type { Readiness } from '../readiness.ts'

/**
 * Asks clients to connect anew while the service is leaving: a connection that is kept alive would go on sending it
 * requests, and would hold up its end until it has been idle for a minute.
 */
export function closeConnectionsWhileDraining(app: FastifyInstance, readiness: Readiness): void {
  app.addHook('onSend', async (_request, reply) => {
    if (readiness.isDraining) reply.header('Connection', 'close')
  })
}
