import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { createBaseApp } from './http/base-app.ts'
import type { Readiness } from './http/readiness.ts'
import { requireDeclarations } from './http/route-declaration.ts'
import { operationsRoutes } from './routes/operations.ts'

/**
 * Builds the second listener: health and metrics and nothing else, on an address that is not public. A worker listens
 * only here. It has the time-outs, the bounds on connections and the headers of the main listener.
 */
export async function buildOperationsApp(deps: Deps, readiness: Readiness): Promise<FastifyInstance> {
  const app = createBaseApp(deps, readiness)
  requireDeclarations(app)
  await app.register(operationsRoutes(deps, readiness, { hasMetrics: true }))
  return app
}
