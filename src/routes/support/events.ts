import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listEvents } from '../../domain/support/audit-trail/list-events.ts'
import { example } from '../../http/openapi/example-values.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { periodIn, periodQuery } from '../../http/period.ts'
import { named, nullable, oneOfTexts, text, time, uuid } from '../../http/schemas.ts'
import { AccountParams, UNKNOWN_ACCOUNT } from '../../http/support-request.ts'

const exampleEvent = {
  id: '0198b7c9-5d02-7e19-b6a8-4c7f1d3e9a20',
  at: '2026-03-02T09:15:12.318Z',
  type: 'login',
  outcome: 'success',
  actor: { type: 'account', id: example.accountId },
  ip: '198.51.100.7',
  ipFamily: 'IPv4',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0',
  sessionId: example.sessionId,
  requestId: example.requestId,
  details: {},
}
const EventOutcome = oneOfTexts(
  'EventOutcome',
  ['success', 'failure'],
  '`success`: the action took effect. `failure`: it was refused.',
)
const IpFamily = oneOfTexts('IpFamily', ['IPv4', 'IPv6'], 'The version of an IP address.')
const Actor = named(
  'Actor',
  Type.Object(
    {
      type: text('`account`, `service_client`, `system` or `anonymous`. New types may be added.'),
      id: nullable(
        Type.String(),
        'The id of the account or of the service client. For `system`, the user name of the operator who ran a command, or null if the service acted ' +
          'by itself. Null for `anonymous`.',
      ),
    },
    { description: 'Who acted.' },
  ),
)
const AuditEvent = named(
  'AuditEvent',
  Type.Object(
    {
      id: uuid('The id of the event.'),
      at: time('When it happened.'),
      type: text('What happened, such as `login` or `email_change.confirmed`. New types may be added.'),
      outcome: EventOutcome,
      actor: Actor,
      ip: nullable(
        Type.String(),
        'The IP address that the request came from. Null without a request, and after the erasure.',
      ),
      ipFamily: nullable(IpFamily, 'The version of the IP address.'),
      userAgent: nullable(Type.String(), 'The User-Agent header of the request.'),
      sessionId: nullable(Type.String(), 'The session that the event belongs to.'),
      requestId: nullable(Type.String(), 'The id of the request, as in the log of the service.'),
      details: Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        description: 'What else is known. The fields depend on the type.',
      }),
    },
    { description: 'Who did what, when, and from where.' },
  ),
)
const AuditTrail = named(
  'AuditTrail',
  Type.Object(
    { events: Type.Array(AuditEvent, { description: 'The newest event first.' }), nextCursor: NextCursor },
    { description: 'Events of the audit trail.', examples: [{ events: [exampleEvent], nextCursor: null }] },
  ),
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
        config: { caller: { scope: 'events:read' }, refusals: [UNKNOWN_ACCOUNT] },
        schema: {
          operationId: 'listEvents',
          tags: ['Support desk'],
          summary: 'List the audit events of an account',
          description:
            'The newest event comes first. For an erased account, the events show what happened and when, who erased the account (`account.erased`), and when ' +
            'the last data that names the person was erased (`account.erasure_completed`).',
          params: AccountParams,
          querystring: EventQuery,
          response: { 200: AuditTrail },
        },
      },
      async (request) => {
        const { type } = request.query
        const filter = { ...periodIn(request.query), ...(type === undefined ? {} : { type }) }
        const { items, next } = await listEvents(deps, request.params.id, filter, pageIn(request.query))
        return { events: items, nextCursor: toCursor(next) }
      },
    )
  }
