import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listSecurityEvents } from '../../domain/security-events/list-security-events.ts'
import { replaySecurityEvent } from '../../domain/security-events/replay-security-event.ts'
import { example } from '../../http/openapi/example-values.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named, nullable, oneOfTexts, text, time, uuid } from '../../http/schemas.ts'
import { requesterOf } from '../../http/support-request.ts'

const DeliveryState = oneOfTexts('DeliveryState', ['pending', 'delivered', 'failed'], 'The state of a delivery.')
const Delivery = named(
  'Delivery',
  Type.Object(
    {
      url: text('The URL that the event is sent to (`SECURITY_EVENT_URLS`).'),
      state: text(
        '`pending`: another attempt follows. `delivered`: the receiver accepted the event. `failed`: the event was given up after three days, or ' +
          'because its URL is no longer configured; it can be replayed. New states may be added.',
      ),
      attempts: Type.Integer({ description: 'How often the event was sent.' }),
      attemptedAt: nullable(time('When the event was last sent. Null if it was not sent yet.')),
      deliveredAt: nullable(time('When the receiver accepted the event. Null if it has not.')),
      reason: nullable(Type.String(), 'Why the last attempt failed. Null if it did not.'),
    },
    { description: 'The delivery of an event to one URL.' },
  ),
)
const exampleSecurityEvent = {
  id: '0198b7cb-1a44-7d08-9b5e-2f6c8a0d4e71',
  type: 'email_change.confirmed',
  at: '2026-03-02T11:20:30.515Z',
  accountId: example.accountId,
  deliveries: [
    {
      url: 'https://orders.acme.example/hooks/latchkey',
      state: 'delivered',
      attempts: 1,
      attemptedAt: '2026-03-02T11:20:31.002Z',
      deliveredAt: '2026-03-02T11:20:31.084Z',
      reason: null,
    },
  ],
}
const SecurityEvent = named(
  'SecurityEvent',
  Type.Object(
    {
      id: uuid('The id of the event: the `webhook-id` header, and the id in the audit trail.'),
      type: text(
        'What happened, such as `password.changed`. docs/security-events.md lists the types. New types may be added.',
      ),
      at: time('When it happened.'),
      accountId: uuid('The account that it happened to.'),
      deliveries: Type.Array(Delivery, { description: 'One delivery for each configured URL.' }),
    },
    { description: 'A change to an account that is sent to other systems, and the state of each delivery.' },
  ),
)
const SecurityEventList = named(
  'SecurityEventList',
  Type.Object(
    { events: Type.Array(SecurityEvent, { description: 'The newest event first.' }), nextCursor: NextCursor },
    {
      description: 'Security events and their deliveries.',
      examples: [{ events: [exampleSecurityEvent], nextCursor: null }],
    },
  ),
)
const ReplayQueued = named(
  'ReplayQueued',
  Type.Object(
    { status: Type.Literal('queued', { description: 'Always `queued`.' }) },
    { description: 'The deliveries are queued.', examples: [{ status: 'queued' }] },
  ),
)
const Filter = Type.Object(
  {
    accountId: Type.Optional(uuid('Only events of this account.')),
    state: Type.Optional(DeliveryState),
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
          description:
            'Shows the events that are sent to other systems, and which deliveries failed. With `state`, only events with a delivery in that state.',
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
        config: {
          caller: { scope: 'events:replay' },
          refusals: [{ code: 'not_found', meaning: 'No security event has this id.' }],
        },
        schema: {
          operationId: 'replaySecurityEvent',
          tags: ['Support desk'],
          summary: 'Replay a security event',
          description:
            'Delivers the event again, with the same id, to every configured URL. Use it after a receiver was repaired.',
          params: Type.Object({ id: uuid('The id of the event.') }),
          response: {
            202: ReplayQueued,
          },
        },
      },
      async (request, reply) => {
        await replaySecurityEvent(deps, { eventId: request.params.id, by: requesterOf(request) })
        return reply.code(202).send({ status: 'queued' as const })
      },
    )
  }
