import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { readAddress } from '../../domain/support/addresses/read-address.ts'
import { unlockAddress } from '../../domain/support/addresses/unlock-address.ts'
import { named } from '../../http/schemas.ts'
import { AddressParams, requesterOf } from '../../http/support-request.ts'
import { MaybeText, MaybeTime, Time } from '../../http/support-schemas.ts'

const reason = Type.Optional(
  Type.String({
    pattern: '^[^\\u0000]*$',
    maxLength: 500,
    description: 'The reason for unlocking the address. It is recorded in the audit trail.',
  }),
)
const Address = named(
  'Address',
  Type.Object(
    {
      address: Type.String({ description: 'The address in its normalised form.' }),
      state: Type.Union([Type.Literal('free'), Type.Literal('in_use'), Type.Literal('locked')]),
      lockedAt: MaybeTime,
      reason: Type.Union([Type.String(), Type.Null()], {
        description: 'Why the address is locked: `email_changed`, `email_reverted` or `account_erased`.',
      }),
      suppression: Type.Union(
        [Type.Object({ reason: Type.String(), providerReason: MaybeText, since: Time }), Type.Null()],
        {
          description: 'Why the mail provider no longer delivers to the address. Null if it does.',
        },
      ),
      registration: Type.Union([Type.Object({ createdAt: Time, expiresAt: Time }), Type.Null()], {
        description:
          'The newest unverified registration of a free address. GET /v1/admin/addresses/{email}/mail ' +
          'shows what became of the mail.',
      }),
    },
    { description: 'The state of the address, and the reason for it.' },
  ),
)
const UnlockRequest = named(
  'UnlockRequest',
  Type.Object({ reason }, { additionalProperties: false, examples: [{ reason: 'Ticket 4711: moved jobs' }] }),
)

/** Routes that show why an address is not available, and that unlock it. An account holder does not learn the reason. */
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
          summary: 'Retrieve the state of an address',
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
          if (request.body === undefined) request.body = {} // some proxies drop the body of a DELETE
        },
        schema: {
          operationId: 'unlockAddress',
          tags: ['Support desk'],
          summary: 'Unlock a locked address',
          description: 'Anyone can use the address afterwards. The reason can be given in the body or in the query.',
          params: AddressParams,
          querystring: Type.Object({ reason }, { additionalProperties: false }),
          body: UnlockRequest,
          response: { 204: Type.Null({ description: 'The address is free.' }) },
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
