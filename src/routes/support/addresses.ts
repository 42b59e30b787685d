import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { readAddress } from '../../domain/support/read-address.ts'
import { unlockAddress } from '../../domain/support/unlock-address.ts'
import { named } from '../../http/schemas.ts'
import { requesterOf } from '../../http/support-request.ts'
import { MaybeText, MaybeTime, Time } from '../../http/support-schemas.ts'

const AddressParams = Type.Object({ email: Type.String() })
const reason = Type.Optional(
  Type.String({ pattern: '^[^\\u0000]*$', maxLength: 500, description: 'Why, for the audit trail.' }),
)
const Address = named(
  'Address',
  Type.Object(
    {
      address: Type.String({ description: 'In the form that addresses are compared in.' }),
      state: Type.Union([Type.Literal('free'), Type.Literal('in_use'), Type.Literal('locked')]),
      lockedAt: MaybeTime,
      reason: Type.Union([Type.String(), Type.Null()], {
        description: '`email_changed`, `email_reverted` or `account_erased`.',
      }),
      suppression: Type.Union(
        [Type.Object({ reason: Type.String(), providerReason: MaybeText, since: Time }), Type.Null()],
        {
          description: 'Why the mail provider has given up on it, where it has: mail to it does not arrive.',
        },
      ),
    },
    { description: 'Whether an address is to be had.' },
  ),
)
const UnlockRequest = named(
  'UnlockRequest',
  Type.Object({ reason }, { additionalProperties: false, examples: [{ reason: 'Ticket 4711: moved jobs' }] }),
)

/** Who may have an address: what a holder is told only as "not available". */
export const supportAddressRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/addresses/:email',
      {
        config: { caller: { scope: 'addresses:read' }, refusals: ['invalid_email'] },
        schema: {
          operationId: 'readAddress',
          tags: ['Support desk'],
          summary: 'See whether an address is free, in use or locked, and why.',
          params: AddressParams,
          response: { 200: Address },
        },
      },
      async (request) => readAddress(deps, request.params.email),
    )

    app.delete(
      '/v1/admin/addresses/:email/lock',
      {
        config: { caller: { scope: 'addresses:unlock' }, refusals: ['invalid_email', 'not_found'] },
        preValidation: async (request) => {
          if (request.body === undefined) request.body = {} // the reason may stand in the query: proxies drop the body of a DELETE
        },
        schema: {
          operationId: 'unlockAddress',
          tags: ['Support desk'],
          summary: 'Unlock an address for whoever asks for it next.',
          params: AddressParams,
          querystring: Type.Object({ reason }, { additionalProperties: false }),
          body: UnlockRequest,
          response: {
            204: Type.Null({ description: 'Unlocked.' }),
          },
        },
      },
      async (request, reply) => {
        const { email } = request.params
        const given = request.body.reason ?? request.query.reason ?? null
        await unlockAddress(deps, { email, reason: given, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
