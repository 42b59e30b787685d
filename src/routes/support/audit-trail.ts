import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { exportEvents } from '../../domain/support/export-events.ts'
import { periodIn, periodQuery } from '../../http/period.ts'

const Lines = {
  description: 'One JSON object a line, the oldest event first. An answer that breaks off was not whole.',
  content: { 'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
}

/** The audit trail as a whole; that of one account is among the routes of users. */
export const auditTrailRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/events/export',
      {
        config: { caller: { scope: 'events:read' } },
        schema: {
          operationId: 'exportEvents',
          tags: ['Support desk'],
          summary: 'Export the audit trail of a period as NDJSON.',
          description:
            'To archive period after period, end each a minute in the past: an event may be committed some seconds after its time.',
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
