import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { Refusal } from '../domain/problems.ts'
import { isReady, type Readiness } from '../http/readiness.ts'
import { named } from '../http/schemas.ts'

const Ok = named('Ok', Type.Object({ status: Type.Literal('ok') }, { description: 'It does.' }))

/** What those who run the service ask it. */
export const operationsRoutes =
  (deps: Deps, readiness: Readiness): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/health/live',
      {
        config: { caller: 'public', limit: 'none' },
        schema: {
          operationId: 'live',
          tags: ['Operations'],
          summary: 'Whether the process answers at all.',
          response: { 200: Ok },
        },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/health/ready',
      {
        config: { caller: 'public', limit: 'none' },
        schema: {
          operationId: 'ready',
          tags: ['Operations'],
          summary: 'Whether it should be sent traffic: not while the database is out or the service is draining.',
          response: { 200: Ok },
        },
      },
      async () => {
        if (!(await isReady(deps, readiness))) throw new Refusal('service_unavailable', { retryAfter: 5 })
        return { status: 'ok' as const }
      },
    )

    app.get(
      '/metrics',
      {
        config: { caller: 'public', limit: 'none' },
        schema: {
          operationId: 'metrics',
          tags: ['Operations'],
          summary: 'Counters and gauges in the Prometheus text format.',
          produces: ['text/plain'],
          response: { 200: Type.String({ description: 'Prometheus text format.' }) },
        },
      },
      async (_request, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.render()),
    )
  }
