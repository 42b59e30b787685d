import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { createUser } from '../../domain/support/import/create-user.ts'
import { findUsers, type UserQuery } from '../../domain/support/users/find-users.ts'
import { readUser } from '../../domain/support/users/user-view.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named } from '../../http/schemas.ts'
import { AccountParams, accountIdIn, requesterOf } from '../../http/support-request.ts'
import { NewUserRequest, User } from '../../http/support-schemas.ts'

const UserQueryString = Type.Object(
  {
    email: Type.Optional(Type.String({ description: 'The account that has exactly this address.' })),
    everHeld: Type.Optional(
      Type.String({ description: 'Every account that has this address, or had it before, whoever has it now.' }),
    ),
    emailPrefix: Type.Optional(
      Type.String({ pattern: '^[\\x21-\\x7e]{1,254}$', description: 'Accounts whose address begins like this.' }),
    ),
    ...pageQuery,
  },
  { additionalProperties: false },
)
const UserList = named(
  'UserList',
  Type.Object(
    { users: Type.Array(User), nextCursor: NextCursor },
    { description: 'By prefix in the order of the addresses, else the newest first.' },
  ),
)

/** Looking accounts up, and opening them on somebody's word. */
export const supportUserRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/users',
      {
        config: { caller: { scope: 'users:read' }, refusals: ['invalid_email'] },
        schema: {
          operationId: 'findUsers',
          tags: ['Support desk'],
          summary: 'Look accounts up: by one of the three, or all of them.',
          querystring: UserQueryString,
          response: {
            200: UserList,
          },
        },
      },
      async (request) => {
        const query = queryIn(request.query)
        const page = pageIn(request.query, query.by === 'emailPrefix' ? 'address' : 'id')
        const { items, next } = await findUsers(deps, query, page)
        return { users: items, nextCursor: toCursor(next) }
      },
    )

    app.get(
      '/v1/admin/users/:id',
      {
        config: { caller: { scope: 'users:read' }, refusals: ['not_found'] },
        schema: {
          operationId: 'readUser',
          tags: ['Support desk'],
          summary: 'Read an account.',
          params: AccountParams,
          response: {
            200: User,
          },
        },
      },
      async (request) => readUser(deps.db, accountIdIn(request.params), deps.clock.now()),
    )

    app.post(
      '/v1/admin/users',
      {
        config: {
          caller: { scope: 'users:write' },
          refusals: ['email_unavailable', 'invalid_email', 'invalid_password_hash'],
        },
        schema: {
          operationId: 'createUser',
          tags: ['Support desk'],
          summary: 'Open an account, or import one with its password hash. No mail goes out.',
          body: NewUserRequest,
          response: {
            201: User,
          },
        },
      },
      async (request, reply) => {
        const user = await createUser(deps, { user: request.body, by: requesterOf(request) })
        return reply.code(201).header('Location', `/v1/admin/users/${user.id}`).send(user)
      },
    )
  }

/** One way to look at a time: two that disagree would have no answer, and two that agree no point. */
function queryIn(query: { email?: string; everHeld?: string; emailPrefix?: string }): UserQuery {
  const { email, everHeld, emailPrefix } = query
  const ways: UserQuery[] = [
    ...(email === undefined ? [] : [{ by: 'email', email } as const]),
    ...(everHeld === undefined ? [] : [{ by: 'everHeld', email: everHeld } as const]),
    ...(emailPrefix === undefined ? [] : [{ by: 'emailPrefix', prefix: emailPrefix } as const]),
  ]
  if (ways.length > 1) {
    const message = 'Give one of email, everHeld and emailPrefix.'
    throw new Refusal('invalid_request', { violations: [{ field: '', rule: 'one', message }] })
  }
  return ways[0] ?? { by: 'everybody' }
}
