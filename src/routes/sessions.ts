import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { listSessions } from '../domain/sessions/list-sessions.ts'
import { revokeOtherSessions, revokeSession } from '../domain/sessions/revoke-sessions.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named } from '../http/schemas.ts'

const Revoked = named(
  'Revoked',
  Type.Object({ revoked: Type.Integer() }, { description: 'The number of revoked sessions.' }),
)
const ListedSession = named(
  'Session',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    createdAt: Type.String({ format: 'date-time' }),
    lastSeenAt: Type.String({ format: 'date-time' }),
    ip: Type.Union([Type.String(), Type.Null()], { description: 'The IP address that the sign-in came from.' }),
    lastIp: Type.Union([Type.String(), Type.Null()], {
      description: 'The IP address of the last refresh or, before the first refresh, of the sign-in.',
    }),
    userAgent: Type.Union([Type.String(), Type.Null()]),
    device: Type.String({
      description: 'The device in words, as the mails name it: "Firefox on Linux", or "an unknown device".',
    }),
    current: Type.Boolean(),
  }),
)
const SessionList = named(
  'SessionList',
  Type.Object(
    { sessions: Type.Array(ListedSession) },
    { description: 'The open sessions of the account, the newest sign-in first.' },
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
        config: { caller: 'account', refusals: ['not_found'] },
        schema: {
          operationId: 'revokeSession',
          tags: ['Sessions'],
          summary: 'Revoke a session',
          description: 'Signs the person out on that device.',
          params: Type.Object({ id: Type.String() }),
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
            200: Revoked,
          },
        },
      },
      async (request) => ({
        revoked: await revokeOtherSessions(deps, { principal: principalOf(request), origin: originOf(request) }),
      }),
    )
  }
