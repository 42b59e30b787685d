import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { listSecurityEvents, type SecurityEventView } from '../domain/security-events/list-security-events.ts'
import { replaySecurityEvent } from '../domain/security-events/replay-security-event.ts'
import { serviceOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named, refusals } from '../http/schemas.ts'

const Time = Type.String({ format: 'date-time' })
const State = Type.Union([Type.Literal('pending'), Type.Literal('delivered'), Type.Literal('failed')])

const SecurityEvents = named(
  'SecurityEvents',
  Type.Object(
    {
      events: Type.Array(
        Type.Object({
          id: Type.String({ format: 'uuid', description: 'The receiver’s `webhook-id`, and the audit trail’s id.' }),
          type: Type.String(),
          at: Time,
          accountId: Type.String({ format: 'uuid' }),
          deliveries: Type.Array(
            Type.Object({
              url: Type.String(),
              state: Type.String({ description: '`pending`, `delivered` or `failed`.' }),
              attempts: Type.Integer(),
              attemptedAt: Type.Union([Time, Type.Null()]),
              deliveredAt: Type.Union([Time, Type.Null()]),
              reason: Type.Union([Type.String(), Type.Null()], { description: 'Why the last attempt failed.' }),
            }),
          ),
        }),
      ),
      nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page.' }),
    },
    { description: 'What other systems were told, the newest first.' },
  ),
)

const Filter = Type.Object(
  {
    accountId: Type.Optional(Type.String({ format: 'uuid' })),
    state: Type.Optional(State),
    limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 20 if left out.' })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,18}$', description: 'The `nextCursor` of the page before.' }),
    ),
  },
  { additionalProperties: false },
)

const FOR_SERVICES = ['unauthenticated', 'insufficient_scope', 'invalid_request'] as const

/** What other systems are told of changes to accounts. */
export const securityEventRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/security-events',
      {
        config: { caller: 'service', scope: 'events:read' },
        schema: {
          operationId: 'listSecurityEvents',
          tags: ['Support desk'],
          summary: 'List the security events sent to other systems, and how each delivery went.',
          security: [{ service: [] }],
          querystring: Filter,
          response: { 200: SecurityEvents, ...refusals(FOR_SERVICES, { body: false }) },
        },
      },
      async (request) => {
        const { limit = '20', ...filter } = request.query
        const { events, nextCursor } = await listSecurityEvents(deps, { ...filter, limit: Number(limit) })
        return { events: events.map(toAnswer), nextCursor }
      },
    )

    app.post(
      '/v1/admin/security-events/:id/replay',
      {
        // Of its own: who may read must not make others act, and who mends a receiver needs no power over accounts.
        config: { caller: 'service', scope: 'events:replay' },
        schema: {
          operationId: 'replaySecurityEvent',
          tags: ['Support desk'],
          summary: 'Send a security event again, under the same id, to every configured URL.',
          security: [{ service: [] }],
          params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
          response: {
            202: Type.Object({ status: Type.Literal('queued') }, { description: 'On its way.' }),
            ...refusals([...FOR_SERVICES, 'not_found'], { body: false }),
          },
        },
      },
      async (request, reply) => {
        const { clientId: serviceClientId } = serviceOf(request)
        const eventId = request.params.id
        await replaySecurityEvent(deps, { eventId, actor: { serviceClientId }, origin: originOf(request) })
        return reply.code(202).send({ status: 'queued' as const })
      },
    )
  }

function toAnswer({ at, deliveries, ...event }: SecurityEventView) {
  return {
    ...event,
    at: at.toISOString(),
    deliveries: deliveries.map(({ attemptedAt, deliveredAt, ...delivery }) => ({
      ...delivery,
      attemptedAt: attemptedAt?.toISOString() ?? null,
      deliveredAt: deliveredAt?.toISOString() ?? null,
    })),
  }
}
