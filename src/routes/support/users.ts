import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { createUser } from '../../domain/support/import/create-user.ts'
import { findUsers, type UserQuery } from '../../domain/support/users/find-users.ts'
import { readUser } from '../../domain/support/users/user-view.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named } from '../../http/schemas.ts'
import { AccountParams, requesterOf, UNKNOWN_ACCOUNT } from '../../http/support-request.ts'
import { exampleUser, NewUserRequest, User } from '../../http/support-schemas.ts'

const UserQueryString = Type.Object(
  {
    email: Type.Optional(Type.String({ description: 'Find the account that uses this address.' })),
    everHeld: Type.Optional(Type.String({ description: 'Find every account that has ever used this address.' })),
    emailPrefix: Type.Optional(
      Type.String({ pattern: '^[\\x21-\\x7e]{1,254}$', description: 'Find accounts by the start of their address.' }),
    ),
    ...pageQuery,
  },
  { additionalProperties: false },
)
const UserList = named(
  'UserList',
  Type.Object(
    {
      users: Type.Array(User, { description: 'The newest account first. With `emailPrefix`, sorted by address.' }),
      nextCursor: NextCursor,
    },
    { description: 'The accounts.', examples: [{ users: [exampleUser], nextCursor: null }] },
  ),
)

/** Routes that look accounts up and create them. */
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
          summary: 'List or find accounts',
          description:
            'Give at most one of `email`, `everHeld` and `emailPrefix`. Without any of them, all accounts are listed.',
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
        config: { caller: { scope: 'users:read' }, refusals: [UNKNOWN_ACCOUNT] },
        schema: {
          operationId: 'readUser',
          tags: ['Support desk'],
          summary: 'Retrieve an account',
          description: 'Returns everything that Support sees of an account, except its mails and its audit events.',
          params: AccountParams,
          response: {
            200: User,
          },
        },
      },
      async (request) => readUser(deps, request.params.id),
    )

    app.post(
      '/v1/admin/users',
      {
        config: {
          caller: { scope: 'users:write' },
          refusals: [
            { code: 'email_unavailable', meaning: 'An account uses the address, or has used it before.' },
            'invalid_email',
            'invalid_password_hash',
          ],
        },
        schema: {
          operationId: 'createUser',
          tags: ['Support desk'],
          summary: 'Create or import an account',
          description:
            'No mail is sent. With `passwordHash` and `emailVerified: true`, the password works at once. A client with this scope can ' +
            'therefore choose the password for any address that has no account yet. It cannot change the password of an existing account.',
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

/** @throws {Refusal} invalid_request if more than one way to look accounts up is given. */
function queryIn(query: { email?: string; everHeld?: string; emailPrefix?: string }): UserQuery {
  const { email, everHeld, emailPrefix } = query
  const ways: UserQuery[] = []
  if (email !== undefined) ways.push({ by: 'email', email })
  if (everHeld !== undefined) ways.push({ by: 'everHeld', email: everHeld })
  if (emailPrefix !== undefined) ways.push({ by: 'emailPrefix', prefix: emailPrefix })
  if (ways.length > 1) {
    const message = 'Use only one of email, everHeld and emailPrefix.'
    throw new Refusal('invalid_request', { violations: ways.map(({ by }) => ({ field: by, rule: 'one', message })) })
  }
  return ways[0] ?? { by: 'all' }
}
