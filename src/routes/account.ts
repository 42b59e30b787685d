import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { readAccount } from '../domain/accounts/read-account.ts'
import { principalOf } from '../http/caller.ts'
import { named } from '../http/schemas.ts'

const Account = named(
  'Account',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      email: Type.String(),
      emailVerified: Type.Boolean(),
      pendingEmail: Type.Union([Type.String(), Type.Null()], {
        description: 'The new address of the pending email change. Null if no change is pending.',
      }),
      createdAt: Type.String({ format: 'date-time' }),
      passwordChangedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    },
    { description: 'The account of the signed-in person.' },
  ),
)

/** The route that returns the caller's account. */
export const accountRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/me',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'readAccount',
          tags: ['Account'],
          summary: 'Retrieve the account',
          description: 'Returns the account that the access token belongs to.',
          response: { 200: Account },
        },
      },
      async (request) => {
        const { createdAt, passwordChangedAt, ...account } = await readAccount(deps, principalOf(request))
        return {
          ...account,
          createdAt: createdAt.toISOString(),
          passwordChangedAt: passwordChangedAt?.toISOString() ?? null,
        }
      },
    )
  }
