import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { clearSuppression } from '../../domain/mails/clear-suppression.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { AddressParams, requesterOf } from '../../http/support-request.ts'

/** A suppressed address is one to which mail bounced, was dropped, or was reported as spam, as the mail provider says. */
export const suppressionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.delete(
      '/v1/admin/addresses/:email/suppression',
      {
        config: {
          caller: { scope: 'mail:write' },
          refusals: [{ code: 'not_found', meaning: 'The address is not suppressed.' }, 'invalid_email'],
        },
        schema: {
          operationId: 'clearSuppression',
          tags: ['Support desk'],
          summary: 'Clear the suppression of an address',
          description:
            'Do this when the mailbox works again. A job asks SendGrid to remove the address from its lists of bounces, blocks, invalid addresses ' +
            'and spam reports.',
          params: AddressParams,
          response: { 204: Type.Null({ description: 'The suppression is cleared.' }) },
        },
      },
      async (request, reply) => {
        await clearSuppression(deps, { email: request.params.email, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
