import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { cancelEmailChange, readPendingEmailChange } from '../domain/email-change/pending-email-change.ts'
import { requestEmailChange } from '../domain/email-change/request-email-change.ts'
import { principalOf } from '../http/caller.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { named, password, requestBody, text, timeText } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const EmailChangeRequest = requestBody(
  'EmailChangeRequest',
  {
    newEmail: text('The new address. Spaces around it are ignored.'),
    reauthToken: Type.Optional(text('The token from `POST /v1/reauthenticate`, for a change in two screens.')),
    currentPassword: Type.Optional(
      password('The current password, for a change in one screen. Send either this or `reauthToken`.'),
    ),
  },
  { newEmail: example.newEmail, currentPassword: example.password },
  { newEmail: example.newEmail, reauthToken: example.reauthToken },
)
const PendingEmailChange = named(
  'PendingEmailChange',
  Type.Object(
    {
      pendingEmail: text('The new address. It is not in force yet.'),
      expiresAt: timeText('When the confirm link in the mail to the new address expires.'),
    },
    {
      description: 'The email change is pending. It takes effect when the link mailed to the new address is used.',
      examples: [{ pendingEmail: example.newEmail, expiresAt: '2026-03-03T09:15:12.318Z' }],
    },
  ),
)
const NO_PENDING_CHANGE = { code: 'not_found', meaning: 'No email change is pending.' } as const

/** Routes of the signed-in person: they request an email change, show it and cancel it. For its links, see email-change-links.ts. */
export const emailChangeRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/email/change',
      {
        config: {
          caller: 'account',
          hashes: true,
          refusals: [
            'reauthentication_required',
            'wrong_password',
            'email_unavailable',
            'email_unchanged',
            'invalid_email',
            'password_policy',
          ],
        },
        schema: {
          operationId: 'requestEmailChange',
          tags: ['Email change'],
          summary: 'Request an email change',
          description:
            'Mails a confirm link to the new address. The current address receives a notice with a link that cancels the change. The current address stays in force until the change is confirmed. A second request replaces the first. Prove the password in one of two ways: send `reauthToken` from `POST /v1/reauthenticate`, or `currentPassword` to do both in one step. A refused request does not consume the `reauthToken`.',
          body: EmailChangeRequest,
          response: {
            202: PendingEmailChange,
          },
        },
      },
      async (request, reply) => {
        const { newEmail, reauthToken, currentPassword } = request.body
        const { pendingEmail, expiresAt } = await requestEmailChange(deps, {
          principal: principalOf(request),
          origin: originOf(request),
          newEmail,
          ...(reauthToken === undefined ? {} : { reauthToken }),
          ...(currentPassword === undefined ? {} : { currentPassword: new PlainPassword(currentPassword) }),
        })
        return reply.code(202).send({ pendingEmail, expiresAt: expiresAt.toISOString() })
      },
    )

    app.get(
      '/v1/email/change',
      {
        config: { caller: 'account', refusals: [NO_PENDING_CHANGE] },
        schema: {
          operationId: 'readPendingEmailChange',
          tags: ['Email change'],
          summary: 'Retrieve the pending email change',
          description:
            'Returns the new address that still has to be confirmed. Show it in the account settings, with a button that cancels the change.',
          response: {
            200: PendingEmailChange,
          },
        },
      },
      async (request) => {
        const { pendingEmail, expiresAt } = await readPendingEmailChange(deps, principalOf(request))
        return { pendingEmail, expiresAt: expiresAt.toISOString() }
      },
    )

    app.delete(
      '/v1/email/change',
      {
        config: { caller: 'account', refusals: [NO_PENDING_CHANGE] },
        schema: {
          operationId: 'cancelEmailChange',
          tags: ['Email change'],
          summary: 'Cancel the pending email change',
          description: 'The confirm link stops working. The current address stays in force.',
          response: {
            204: Type.Null({ description: 'The email change is cancelled.' }),
          },
        },
      },
      async (request, reply) => {
        await cancelEmailChange(deps, { principal: principalOf(request), origin: originOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
