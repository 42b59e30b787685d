import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listEvents } from '../../domain/support/audit-trail/list-events.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { periodIn, periodQuery } from '../../http/period.ts'
import { named } from '../../http/schemas.ts'
import { AccountParams, accountIdIn } from '../../http/support-request.ts'
import { MaybeText, Time } from '../../http/support-schemas.ts'

const AuditEvent = named(
  'AuditEvent',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      at: Time,
      type: Type.String(),
      outcome: Type.Union([Type.Literal('success'), Type.Literal('failure')]),
      actor: Type.Object({
        type: Type.String({ description: '`account`, `service_client`, `system` or `anonymous`.' }),
        id: MaybeText,
      }),
      ip: MaybeText,
      ipFamily: Type.Union([Type.Literal('IPv4'), Type.Literal('IPv6'), Type.Null()]),
      userAgent: MaybeText,
      sessionId: MaybeText,
      requestId: MaybeText,
      details: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    },
    { description: 'Who did what, when, and from where.' },
  ),
)
const AuditTrail = named(
  'AuditTrail',
  Type.Object({ events: Type.Array(AuditEvent), nextCursor: NextCursor }, { description: 'Events, the newest first.' }),
)
const EventQuery = Type.Object(
  {
    ...periodQuery,
    type: Type.Optional(
      Type.String({ pattern: '^[a-z_.]{1,64}$', description: 'Only events of this type, such as `login`.' }),
    ),
    ...pageQuery,
  },
  { additionalProperties: false },
)

/** The route that lists the audit trail of one account. */
export const supportEventRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/users/:id/events',
      {
        config: { caller: { scope: 'events:read' }, refusals: ['not_found'] },
        schema: {
          operationId: 'listEvents',
          tags: ['Support desk'],
          summary: 'List the audit events of an account',
          description:
            'For an erased account, the events show what happened and when, who erased the account (`account.erased`), and when ' +
            'the last data that names the person was erased (`account.erasure_completed`).',
          params: AccountParams,
          querystring: EventQuery,
          response: { 200: AuditTrail },
        },
      },
      async (request) => {
        const { type } = request.query
        const filter = { ...periodIn(request.query), ...(type === undefined ? {} : { type }) }
        const { items, next } = await listEvents(deps, accountIdIn(request.params), filter, pageIn(request.query))
        return { events: items, nextCursor: toCursor(next) }
      },
    )
  }
