import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import type { Origin } from '../domain/events/record-event.ts'
import { clientAddress } from './limits/client-address.ts'

/** Longer than any browser's; what is behind it is padding. */
const LONGEST_USER_AGENT = 512

/** Where the request came from, and with what. */
export function originOf(request: FastifyRequest): Origin {
  const userAgent = request.headers['user-agent']
  return {
    ip: clientAddress(request),
    userAgent: userAgent?.slice(0, LONGEST_USER_AGENT) ?? null,
    requestId: request.id,
  }
}

/**
 * One line a request, written field by field: what is not named here is not logged. The route's pattern stands for
 * the URL, so that nothing a caller puts into a path or query is kept.
 */
export function logRequests(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => logAnswer(deps, request, reply))
}

/** For answers that no hook sees, such as to a path that cannot be decoded: call it once the answer is sent. */
export function logAnswer(deps: Deps, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions?.url ?? 'unknown'
  const answered = { method: request.method, route, status: reply.statusCode }
  deps.metrics.observeRequest({ ...answered, seconds: reply.elapsedTime / 1000 })
  const { principal, service } = request
  request.log.info(
    {
      ...answered,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(principal ? { accountId: principal.accountId, sessionId: principal.sessionId } : {}),
      ...(service ? { clientId: service.clientId } : {}),
    },
    'request',
  )
}
