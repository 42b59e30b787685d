import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import type { Origin } from '../domain/events/record-event.ts'
import { clientAddress } from './limits/client-address.ts'

/** The longest user agent that is recorded, in characters. Those of browsers are shorter. */
const LONGEST_USER_AGENT = 512

/** Returns where a request came from, and the languages that it asked for. */
export function originOf(request: FastifyRequest): Origin {
  const userAgent = request.headers['user-agent']
  return {
    ip: clientAddress(request),
    userAgent: userAgent?.slice(0, LONGEST_USER_AGENT) ?? null,
    requestId: request.id,
    acceptLanguage: request.headers['accept-language'] ?? null,
  }
}

/**
 * Logs one line per request, written field by field: what is not named here is not logged. The line has the pattern of the
 * route instead of the URL, so that it repeats nothing that a caller puts into a path or a query. The IP address of the client
 * tells an operator who floods the service.
 */
export function logRequests(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest('problemCode', '')
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    logAnswer(deps, request, reply)
    done()
  })
}

/** Logs the line of an answer that no hook sees, such as that to a path that cannot be decoded. Call it once the answer is sent. */
export function logAnswer(deps: Deps, request: FastifyRequest, reply: FastifyReply): void {
  const { method, routeOptions, principal, service, problemCode: code } = request
  const route = routeOptions?.url ?? 'unknown'
  const status = reply.statusCode
  const ms = reply.elapsedTime
  deps.metrics.observeRequest({ method, route, status, code, seconds: ms / 1000 })
  // A field that is undefined is not written.
  const line = {
    method,
    route,
    status,
    code: code || undefined,
    ip: clientAddress(request),
    ms: Math.round(ms * 10) / 10,
    accountId: principal?.accountId,
    sessionId: principal?.sessionId,
    clientId: service?.clientId,
  }
  request.log[routeOptions?.config?.requestLogLevel ?? 'info'](line, 'request')
}
