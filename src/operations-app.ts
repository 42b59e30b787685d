import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from './deps.ts'
import { answerProblemsOf } from './http/problems/problem-responses.ts'
import type { Readiness } from './http/readiness.ts'
import { components } from './http/schemas.ts'
import { operationsRoutes } from './routes/operations.ts'

/**
 * Builds the second listener: health and metrics and nothing else, on an address that is not public. A worker listens
 * only here.
 */
export async function buildOperationsApp(deps: Deps, readiness: Readiness): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    // Probes and scrapes come every few seconds: their lines would bury the others.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => uuidv7(),
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>()
  for (const component of components) app.addSchema(component)
  answerProblemsOf(app)
  await app.register(operationsRoutes(deps, readiness, { hasMetrics: true }))
  return app
}
