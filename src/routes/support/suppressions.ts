import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { clearSuppression } from '../../domain/mails/clear-suppression.ts'
import { requesterOf } from '../../http/support-request.ts'

/** Addresses that the mail provider has given up on. */
export const suppressionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.delete(
      '/v1/admin/addresses/:email/suppression',
      {
        config: { caller: { scope: 'addresses:unlock' }, refusals: ['not_found', 'invalid_email'] },
        schema: {
          operationId: 'clearSuppression',
          tags: ['Support desk'],
          summary: 'Clear an address that mail bounced from.',
          description: 'The flag is gone at once; SendGrid is asked to take the address off its lists as well.',
          params: Type.Object({ email: Type.String() }),
          response: {
            204: Type.Null({ description: 'Cleared.' }),
          },
        },
      },
      async (request, reply) => {
        await clearSuppression(deps, { email: request.params.email, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
