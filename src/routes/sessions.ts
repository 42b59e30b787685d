import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { listSessions } from '../domain/sessions/list-sessions.ts'
import { revokeOtherSessions, revokeSession } from '../domain/sessions/revoke-sessions.ts'
import { principalOf } from '../http/caller.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { named, nullable, SessionsRevoked, text, timeText, uuid } from '../http/schemas.ts'

const ListedSession = named(
  'Session',
  Type.Object(
    {
      id: uuid('The id of the session.'),
      createdAt: timeText('When the person signed in.'),
      lastSeenAt: timeText(
        'When the session was last refreshed or, before the first refresh, when the person signed in.',
      ),
      ip: nullable(Type.String(), 'The IP address that the sign-in came from.'),
      lastIp: nullable(
        Type.String(),
        'The IP address of the last refresh or, before the first refresh, of the sign-in.',
      ),
      userAgent: nullable(Type.String(), 'The User-Agent header of the sign-in.'),
      device: text('The device in words, as the mails name it: "Firefox on Linux", or "an unknown device".'),
      current: Type.Boolean({ description: 'Whether this is the session of the access token that was sent.' }),
    },
    { description: 'A sign-in on one device.' },
  ),
)
const SessionList = named(
  'SessionList',
  Type.Object(
    { sessions: Type.Array(ListedSession, { description: 'The newest sign-in first.' }) },
    {
      description: 'The open sessions of the account.',
      examples: [
        {
          sessions: [
            {
              id: example.sessionId,
              createdAt: '2026-03-02T09:15:12.318Z',
              lastSeenAt: '2026-03-02T09:45:12.771Z',
              ip: '198.51.100.7',
              lastIp: '198.51.100.7',
              userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0',
              device: 'Firefox on Linux',
              current: true,
            },
          ],
        },
      ],
    },
  ),
)

/** Routes that list and revoke the sessions of the account. */
export const sessionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/sessions',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'listSessions',
          tags: ['Sessions'],
          summary: 'List the sessions of the account',
          description: 'Each session is one device on which the account is signed in.',
          response: { 200: SessionList },
        },
      },
      async (request) => {
        const sessions = await listSessions(deps, principalOf(request))
        return {
          sessions: sessions.map(({ createdAt, lastSeenAt, ...session }) => ({
            ...session,
            createdAt: createdAt.toISOString(),
            lastSeenAt: lastSeenAt.toISOString(),
          })),
        }
      },
    )

    app.delete(
      '/v1/sessions/:id',
      {
        config: {
          caller: 'account',
          refusals: [{ code: 'not_found', meaning: 'The account has no open session with this id.' }],
        },
        schema: {
          operationId: 'revokeSession',
          tags: ['Sessions'],
          summary: 'Revoke a session',
          description: 'Signs the person out on that device.',
          params: Type.Object({ id: uuid('The id of the session, from `GET /v1/sessions`.') }),
          response: {
            204: Type.Null({ description: 'The session is revoked.' }),
          },
        },
      },
      async (request, reply) => {
        const { id: sessionId } = request.params
        await revokeSession(deps, { principal: principalOf(request), sessionId, origin: originOf(request) })
        return reply.code(204).send(null)
      },
    )

    app.delete(
      '/v1/sessions',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'revokeOtherSessions',
          tags: ['Sessions'],
          summary: 'Revoke all other sessions',
          description: 'Signs the person out on every device except the current one.',
          response: {
            200: SessionsRevoked,
          },
        },
      },
      async (request) => ({
        revoked: await revokeOtherSessions(deps, { principal: principalOf(request), origin: originOf(request) }),
      }),
    )
  }
