import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'

/**
 * Sets the few headers that a JSON API needs. Responses are not cached unless a route sets another header, because most
 * of them contain credentials or personal data (ASVS 14.3.2).
 */
export function setFixedHeaders(app: FastifyInstance, config: Config): void {
  const isHttps = config.publicUrl.startsWith('https:')
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('Cache-Control', 'no-store')
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('Referrer-Policy', 'no-referrer')
    reply.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    if (isHttps) reply.header('Strict-Transport-Security', 'max-age=31536000')
    done()
  })
}
