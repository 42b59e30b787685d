import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { exportEvents } from '../../domain/support/export-events.ts'
import { refusals } from '../../http/schemas.ts'

const Period = Type.Object(
  {
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive; the beginning if left out.' })),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive; now if left out.' })),
  },
  { additionalProperties: false },
)

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
        config: { caller: 'service', scope: 'events:read' },
        schema: {
          operationId: 'exportEvents',
          tags: ['Support desk'],
          summary: 'Export the audit trail of a period as NDJSON.',
          description:
            'To archive period after period, end each a minute in the past: an event may be committed some seconds after its time.',
          security: [{ service: [] }],
          querystring: Period,
          response: {
            200: Lines,
            ...refusals(['unauthenticated', 'insufficient_scope', 'invalid_request', 'too_many_attempts'], {
              body: false,
            }),
          },
        },
      },
      async (request, reply) => {
        const from = timeOf(request.query.from ?? BEGINNING)
        const to = request.query.to === undefined ? deps.clock.now() : timeOf(request.query.to)
        return reply.type('application/x-ndjson').send(Readable.from(lines(deps, { from, to })))
      },
    )
  }

/** Older than any event. PostgreSQL knows no year 0, which RFC 3339 does: what is asked of before this is asked of this. */
const BEGINNING = '1970-01-01T00:00:00Z'

function timeOf(text: string): Date {
  const milliseconds = Date.parse(text)
  if (Number.isNaN(milliseconds)) throw new Refusal('invalid_request')
  return new Date(Math.max(milliseconds, Date.parse(BEGINNING)))
}

async function* lines(deps: Deps, period: { from: Date; to: Date }): AsyncGenerator<string> {
  for await (const event of exportEvents(deps, period)) yield `${JSON.stringify(event)}\n`
}
