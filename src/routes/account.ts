import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { readAccount } from '../domain/accounts/read-account.ts'
import { principalOf } from '../http/caller.ts'
import { Account, ref, refusals } from '../http/schemas.ts'

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
          security: [{ bearer: [] }],
          response: { 200: ref(Account), ...refusals(['unauthenticated', 'too_many_attempts'], { body: false }) },
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
