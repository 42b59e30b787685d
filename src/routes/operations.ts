import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { Refusal } from '../domain/problems.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { isReady, type Readiness } from '../http/readiness.ts'
import { named } from '../http/schemas.ts'

const Ok = named(
  'Ok',
  Type.Object(
    { status: Type.Literal('ok', { description: 'Always `ok`.' }) },
    { description: 'The service is healthy.', examples: [{ status: 'ok' }] },
  ),
)

/** Health and metrics, for load balancers, monitoring and operators. */
export const operationsRoutes =
  (deps: Deps, readiness: Readiness, options: { hasMetrics: boolean }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/health/live',
      {
        config: { caller: 'public', limit: 'none', requestLogLevel: 'debug' },
        schema: {
          operationId: 'live',
          tags: ['Operations'],
          summary: 'Check whether the process is running',
          description: 'For a liveness probe. It does not ask the database, so that an outage restarts nothing.',
          response: { 200: Ok },
        },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/health/ready',
      {
        config: { caller: 'public', limit: 'none', requestLogLevel: 'debug' },
        schema: {
          operationId: 'ready',
          tags: ['Operations'],
          summary: 'Check whether the service is ready for requests',
          description:
            'For a readiness probe. It answers 503 while the database is unavailable or the service is draining.',
          response: { 200: Ok },
        },
      },
      async () => {
        if (!(await isReady(deps, readiness))) throw new Refusal('service_unavailable', { retryAfter: 5 })
        return { status: 'ok' as const }
      },
    )

    if (!options.hasMetrics) return
    app.get(
      '/metrics',
      {
        config: { caller: 'public', limit: 'none', requestLogLevel: 'debug' },
        schema: {
          operationId: 'metrics',
          tags: ['Operations'],
          summary: 'Retrieve the metrics',
          description:
            'For Prometheus. If `OPERATIONS_PORT` is set, only that listener answers it. docs/operations.md explains each metric.',
          produces: ['text/plain'],
          response: { 200: Type.String({ description: 'The metrics in the Prometheus text format.' }) },
        },
      },
      async (_request, reply) =>
        reply.type(deps.metrics.contentType).send(await deps.metrics.render(isReady(deps, readiness))),
    )
  }
