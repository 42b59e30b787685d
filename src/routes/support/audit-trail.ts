import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { exportEvents } from '../../domain/support/audit-trail/export-events.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { periodIn, periodQuery } from '../../http/period.ts'

const Lines = {
  description:
    'One JSON object per line, each as in `GET /v1/admin/users/{id}/events`, the oldest event first. If the connection breaks, the export is incomplete.',
  // Without the format, generators take the body for one JSON string.
  content: { 'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } },
}

/** The route that exports the audit trail of all accounts. For one account, see events.ts. */
export const auditTrailRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/events/export',
      {
        config: { caller: { scope: 'events:read' }, isLarge: true },
        schema: {
          operationId: 'exportEvents',
          tags: ['Support desk'],
          summary: 'Export the audit trail',
          description:
            'Returns the events of a period as NDJSON. To archive one period after another, end each period at least a minute in the past: an event can be committed some seconds after its time.',
          querystring: Type.Object(periodQuery, { additionalProperties: false }),
          response: {
            200: Lines,
          },
        },
      },
      async (request, reply) => {
        const { from = new Date(0), to = deps.clock.now() } = periodIn(request.query)
        return reply.type('application/x-ndjson').send(Readable.from(lines(deps, { from, to })))
      },
    )
  }

async function* lines(deps: Deps, period: { from: Date; to: Date }): AsyncGenerator<string> {
  for await (const event of exportEvents(deps, period)) yield `${JSON.stringify(event)}\n`
}
