import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listSecurityEvents } from '../../domain/security-events/list-security-events.ts'
import { replaySecurityEvent } from '../../domain/security-events/replay-security-event.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named } from '../../http/schemas.ts'
import { requesterOf } from '../../http/support-request.ts'
import { MaybeTime, Time } from '../../http/support-schemas.ts'

const Uuid = Type.String({ format: 'uuid' })
/** The format alone would accept `urn:uuid:…`, which the database refuses. */
const GivenUuid = Type.String({ format: 'uuid', pattern: '^[0-9A-Fa-f-]{36}$' })

const SecurityEvent = named(
  'SecurityEvent',
  Type.Object(
    {
      id: Type.String({ format: 'uuid', description: 'The `webhook-id` header, and the id in the audit trail.' }),
      type: Type.String(),
      at: Time,
      accountId: Uuid,
      deliveries: Type.Array(
        Type.Object({
          url: Type.String(),
          state: Type.String({ description: '`pending`, `delivered`, or `failed` after the last attempt.' }),
          attempts: Type.Integer(),
          attemptedAt: MaybeTime,
          deliveredAt: MaybeTime,
          reason: Type.Union([Type.String(), Type.Null()], { description: 'Why the last attempt failed.' }),
        }),
      ),
    },
    { description: 'A change to an account that is sent to other systems, and the state of each delivery.' },
  ),
)
const SecurityEventList = named(
  'SecurityEventList',
  Type.Object(
    { events: Type.Array(SecurityEvent), nextCursor: NextCursor },
    { description: 'Security events, the newest first.' },
  ),
)
const Filter = Type.Object(
  {
    accountId: Type.Optional(GivenUuid),
    state: Type.Optional(
      Type.Union([Type.Literal('pending'), Type.Literal('delivered'), Type.Literal('failed')], {
        description: 'Only events with a delivery in this state.',
      }),
    ),
    ...pageQuery,
  },
  { additionalProperties: false },
)

/** Lists and replays the security events that are sent to other systems. */
export const securityEventRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/security-events',
      {
        config: { caller: { scope: 'events:read' } },
        schema: {
          operationId: 'listSecurityEvents',
          tags: ['Support desk'],
          summary: 'List security events',
          querystring: Filter,
          response: { 200: SecurityEventList },
        },
      },
      async (request) => {
        const { items, next } = await listSecurityEvents(deps, request.query, pageIn(request.query))
        return { events: [...items], nextCursor: toCursor(next) }
      },
    )

    app.post(
      '/v1/admin/security-events/:id/replay',
      {
        // This is a separate scope. A client that reads events must not be able to make other systems act, and a client
        // that replays events needs no access to accounts.
        config: { caller: { scope: 'events:replay' }, refusals: ['not_found'] },
        schema: {
          operationId: 'replaySecurityEvent',
          tags: ['Support desk'],
          summary: 'Replay a security event',
          description: 'Delivers the event again, with the same id, to every configured URL.',
          params: Type.Object({ id: GivenUuid }),
          response: {
            202: Type.Object({ status: Type.Literal('queued') }, { description: 'The deliveries are queued.' }),
          },
        },
      },
      async (request, reply) => {
        await replaySecurityEvent(deps, { eventId: request.params.id, by: requesterOf(request) })
        return reply.code(202).send({ status: 'queued' as const })
      },
    )
  }
