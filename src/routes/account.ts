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
      pendingEmail: Type.Union([Type.String(), Type.Null()], { description: 'What a pending change would bring.' }),
      createdAt: Type.String({ format: 'date-time' }),
      passwordChangedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    },
    { description: 'An account, as its holder sees it.' },
  ),
)

/** The caller's own account. */
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
          summary: 'Read one’s own account.',
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
