import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { listSessions } from '../domain/sessions/list-sessions.ts'
import { revokeOtherSessions, revokeSession } from '../domain/sessions/revoke-sessions.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named, refusals } from '../http/schemas.ts'

const Revoked = named('Revoked', Type.Object({ revoked: Type.Integer() }, { description: 'How many sessions ended.' }))
const ListedSession = named(
  'Session',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    createdAt: Type.String({ format: 'date-time' }),
    lastSeenAt: Type.String({ format: 'date-time' }),
    ip: Type.Union([Type.String(), Type.Null()]),
    userAgent: Type.Union([Type.String(), Type.Null()]),
    current: Type.Boolean(),
  }),
)
const SessionList = named(
  'SessionList',
  Type.Object({ sessions: Type.Array(ListedSession) }, { description: 'The devices the account is signed in on.' }),
)
const bearer = [{ bearer: [] }]

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
          security: bearer,
          response: { 200: SessionList, ...refusals(['unauthenticated', 'too_many_attempts'], { body: false }) },
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
        config: { caller: 'account' },
        schema: {
          operationId: 'revokeSession',
          tags: ['Sessions'],
          summary: 'Sign one device out.',
          security: bearer,
          params: Type.Object({ id: Type.String() }),
          response: {
            204: Type.Null({ description: 'Signed out.' }),
            ...refusals(['unauthenticated', 'not_found', 'too_many_attempts']),
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
          security: bearer,
          response: {
            200: Revoked,
            ...refusals(['unauthenticated', 'too_many_attempts']),
          },
        },
      },
      async (request) => ({
        revoked: await revokeOtherSessions(deps, { principal: principalOf(request), origin: originOf(request) }),
      }),
    )
  }
