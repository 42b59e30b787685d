import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { clearSuppression } from '../../domain/mails/clear-suppression.ts'
import { refusals } from '../../http/schemas.ts'
import { requesterOf } from '../../http/support-request.ts'

/** Addresses that the mail provider has given up on. */
export const suppressionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.delete(
      '/v1/admin/addresses/:email/suppression',
      {
        config: { caller: 'service', scope: 'addresses:unlock' },
        schema: {
          operationId: 'clearSuppression',
          tags: ['Support desk'],
          summary: 'Clear an address that mail bounced from.',
          description: 'The flag is gone at once; SendGrid is asked to take the address off its lists as well.',
          security: [{ service: [] }],
          params: Type.Object({ email: Type.String() }),
          response: {
            204: Type.Null({ description: 'Cleared.' }),
            ...refusals(['unauthenticated', 'insufficient_scope', 'not_found', 'invalid_email', 'too_many_attempts']),
          },
        },
      },
      async (request, reply) => {
        await clearSuppression(deps, { email: request.params.email, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
