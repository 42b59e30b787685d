import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { listSessions } from '../domain/sessions/list-sessions.ts'
import { revokeOtherSessions, revokeSession } from '../domain/sessions/revoke-sessions.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named } from '../http/schemas.ts'

const Revoked = named('Revoked', Type.Object({ revoked: Type.Integer() }, { description: 'How many sessions ended.' }))
const ListedSession = named(
  'Session',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    createdAt: Type.String({ format: 'date-time' }),
    lastSeenAt: Type.String({ format: 'date-time' }),
    ip: Type.Union([Type.String(), Type.Null()], { description: 'Where the sign-in came from.' }),
    lastIp: Type.Union([Type.String(), Type.Null()], { description: 'Where the session was last refreshed from.' }),
    userAgent: Type.Union([Type.String(), Type.Null()]),
    device: Type.String({
      description: 'A description of the device, as in the mails: "Firefox on Linux", or "an unknown device".',
    }),
    current: Type.Boolean(),
  }),
)
const SessionList = named(
  'SessionList',
  Type.Object({ sessions: Type.Array(ListedSession) }, { description: 'The devices the account is signed in on.' }),
)

/** The devices an account is signed in on, and signing them out. */
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
          summary: 'List the devices the account is signed in on.',
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
          summary: 'Sign one device out.',
          params: Type.Object({ id: Type.String() }),
          response: {
            204: Type.Null({ description: 'Signed out.' }),
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
          summary: 'Sign every other device out.',
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
