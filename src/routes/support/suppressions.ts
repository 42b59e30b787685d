import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { clearSuppression } from '../../domain/mails/clear-suppression.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { AddressParams, requesterOf } from '../../http/support-request.ts'

/** A suppressed address is an address that the mail provider no longer delivers to. */
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
            'The service sends mail to the address again at once. A job asks SendGrid to remove the address from its lists.',
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
