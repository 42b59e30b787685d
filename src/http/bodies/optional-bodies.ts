import type { FastifyInstance } from 'fastify'

/** Lets a request come without a body where the route declares that. Some proxies also drop the body of a DELETE. */
export function allowMissingBodies(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.config.bodyIsOptional) request.body = {}
    done()
  })
}
