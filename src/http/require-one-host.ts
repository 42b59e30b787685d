import type { FastifyInstance } from 'fastify'
import { Refusal } from '../domain/problems.ts'

/**
 * RFC 9112 section 3.2: a request of HTTP/1.1 names its host once. Nothing here depends on the name, but what stands in
 * front of the service may, and of two it may have read the other. Node checks for none only, and in its own words.
 */
export function requireOneHost(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.raw.httpVersion !== '1.1') return // older ones need not name any: a load balancer's probe
    const names = request.raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    if (names.length > 1 || request.headers.host === undefined) throw new Refusal('invalid_request')
  })
}
