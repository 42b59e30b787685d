import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { canonicalIp } from '../domain/throttle/network.ts'
import { type Span, withSpan } from '../tracing/span.ts'
import { proxyMatcher } from './limits/client-address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null if the request is not traced. */
    span: Span | null
  }
}

/** The methods that OpenTelemetry's conventions name. Any other would be a value that a caller chooses. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Records a span for each request, except probes and scrapes. It has what the line of the request log has, without the IP
 * address and the ids of people: collectors may keep traces for longer, and show them to more people. The name is the
 * pattern of the route, because a path may hold a token or an address.
 */
export function traceRequests(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest('span', null)
  const { tracing } = deps
  if (!tracing) return
  const isProxy = proxyMatcher(deps.config)

  app.addHook('onRequest', (request, reply, done) => {
    const { url: route, config } = request.routeOptions
    if (config.requestLogLevel === 'debug') return done()
    const method = KNOWN_METHODS.has(request.method) ? request.method : '_OTHER'
    const span = tracing.start(route === undefined ? method : `${method} ${route}`, {
      kind: 'server',
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'url.scheme': request.protocol,
        'latchkey.request_id': request.id,
      },
      [isProxy(peerOf(request)) ? 'parent' : 'link']: traceparentOf(request),
    })
    request.span = span
    reply.raw.once('close', () => span.end()) // if the client closes the connection before the answer is sent
    withSpan(span, done)
  })

  // The body arrives in events of the connection, which know nothing of the request that they belong to.
  app.addHook('preValidation', (request, _reply, done) => (request.span ? withSpan(request.span, done) : done()))

  app.addHook('onResponse', (request, reply, done) => {
    if (!request.span) return done()
    describeAnswer(request.span, request, reply)
    request.span.end()
    withSpan(request.span, done) // the line of the request log names the trace
  })
}

function describeAnswer(span: Span, { problemCode }: FastifyRequest, { statusCode }: FastifyReply): void {
  span.set({ 'http.response.status_code': statusCode, 'latchkey.problem_code': problemCode || undefined })
  if (statusCode >= 500) span.fail(problemCode || String(statusCode))
}

function peerOf({ socket }: FastifyRequest): string {
  return canonicalIp(socket.remoteAddress ?? '')
}

/**
 * Any client can send this header. It is the parent only if a proxy in TRUST_PROXY sends the request. For others it is a
 * link: a client cannot add spans to a trace of its choice, or decide whether its requests are recorded.
 */
function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? traceparent : undefined
}
