import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { readAddress } from '../../domain/support/addresses/read-address.ts'
import { unlockAddress } from '../../domain/support/addresses/unlock-address.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { named, nullable, oneOfTexts, requestBody, text, time } from '../../http/schemas.ts'
import { AddressParams, requesterOf } from '../../http/support-request.ts'

const AddressState = oneOfTexts(
  'AddressState',
  ['free', 'in_use', 'locked'],
  '`free`: anyone can use the address. `in_use`: an account uses it. `locked`: an account has used it, and only that account can use ' +
    'it again.',
)
const Suppression = named(
  'Suppression',
  Type.Object(
    {
      reason: text('Why: `bounced`, `dropped` or `spam_reported`. New reasons may be added.'),
      providerReason: nullable(Type.String(), 'The words of the mail provider.'),
      since: time('When the mail provider reported it.'),
    },
    {
      description:
        'Mail to the address may not arrive: the mail provider reported a bounce, a drop or a spam report. The service still sends mail to it.',
    },
  ),
)
const PendingRegistration = named(
  'PendingRegistration',
  Type.Object(
    {
      createdAt: time('When the person registered.'),
      expiresAt: time('Until when the person can verify the address, with this link or a later one.'),
    },
    { description: 'A registration that is not verified yet.' },
  ),
)
const Address = named(
  'Address',
  Type.Object(
    {
      address: text('The address in its normalised form.'),
      state: AddressState,
      lockedAt: nullable(time('When the address was locked. Null if it is not locked.')),
      reason: nullable(
        Type.String(),
        'Why the address is locked: `email_changed`, `email_reverted` or `account_erased`. Null if it is not locked.',
      ),
      suppression: nullable(
        Suppression,
        'Why mail to the address may not arrive. Null if the mail provider has reported nothing.',
      ),
      registration: nullable(
        PendingRegistration,
        'The newest unverified registration of a free address. `GET /v1/admin/addresses/{email}/mail` shows what became of the mail. ' +
          'Null if there is none.',
      ),
    },
    {
      description: 'The state of the address, and the reason for it.',
      examples: [
        {
          address: 'ada@old.example',
          state: 'locked',
          lockedAt: '2026-01-17T11:02:40.019Z',
          reason: 'email_changed',
          suppression: null,
          registration: null,
        },
      ],
    },
  ),
)
const UnlockRequest = requestBody(
  'UnlockRequest',
  {
    reason: Type.Optional(
      Type.String({
        maxLength: 500,
        deprecated: true,
        description: 'The reason. Send it as the query parameter instead: some proxies drop the body of a DELETE.',
      }),
    ),
  },
  { reason: 'Ticket 4711: moved jobs' },
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
          description:
            'Says whether an address is free, in use or locked, and why. Use it for a person who was told that their address cannot be used.',
          params: AddressParams,
          response: { 200: Address },
        },
      },
      async (request) => readAddress(deps, request.params.email),
    )

    app.delete(
      '/v1/admin/addresses/:email/lock',
      {
        config: {
          caller: { scope: 'addresses:unlock' },
          refusals: ['invalid_email', { code: 'not_found', meaning: 'The address is not locked.' }],
          bodyIsOptional: true,
        },
        schema: {
          operationId: 'unlockAddress',
          tags: ['Support desk'],
          summary: 'Unlock a locked address',
          description:
            'Anyone can use the address afterwards. Do this only if the person who used it before no longer receives mail there.',
          params: AddressParams,
          querystring: Type.Object(
            {
              reason: Type.Optional(
                Type.String({
                  maxLength: 500,
                  description: 'The reason for unlocking the address. The audit trail records it.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
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
