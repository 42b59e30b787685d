import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { checkConfirmLink, checkRevertLink } from '../domain/email-change/check-email-change-links.ts'
import { confirmEmailChange } from '../domain/email-change/confirm-email-change.ts'
import { cancelEmailChange, readPendingEmailChange } from '../domain/email-change/pending-email-change.ts'
import { requestEmailChange } from '../domain/email-change/request-email-change.ts'
import { revertEmailChange } from '../domain/email-change/revert-email-change.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { EmailAnswer, named, requestBody, TokenRequest, WorkingLink } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const EmailChangeRequest = requestBody(
  'EmailChangeRequest',
  {
    newEmail: Type.String(),
    reauthToken: Type.Optional(Type.String({ description: 'The token from `POST /v1/reauthenticate`.' })),
    currentPassword: Type.Optional(
      Type.String({ description: 'The current password. It can be sent instead of `reauthToken`.' }),
    ),
  },
  { newEmail: 'ada@newdomain.example', currentPassword: 'Correct-Horse-7' },
)
const PendingEmailChange = named(
  'PendingEmailChange',
  Type.Object(
    { pendingEmail: Type.String(), expiresAt: Type.String({ format: 'date-time' }) },
    { description: 'The new address, and when its confirm link expires.' },
  ),
)
const Outcome = Type.Union([Type.Literal('cancelled'), Type.Literal('restored')], {
  description: '`cancelled`: the pending change is cancelled. `restored`: the old address is in force again.',
})
const RevertAnswer = named(
  'RevertedEmailChange',
  Type.Object(
    { email: Type.String(), outcome: Outcome },
    { description: 'The current address of the account, and what the revert did.' },
  ),
)
const WorkingRevertLink = named(
  'WorkingRevertLink',
  Type.Object(
    {
      emailHint: Type.String({ description: 'The masked address that the account would have after the revert.' }),
      expiresAt: Type.String({ format: 'date-time' }),
      outcome: Outcome,
    },
    { description: 'The link is valid.' },
  ),
)

/** Routes that request an email change, confirm it from the new address and revert it from the old address. */
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
            'Mails a confirm link to the new address. The current address receives a notice with a link that cancels the change. The current address stays in force until the change is confirmed. A second request replaces the first. A refused request does not consume the `reauthToken`.',
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
        config: { caller: 'account', refusals: ['not_found'] },
        schema: {
          operationId: 'readPendingEmailChange',
          tags: ['Email change'],
          summary: 'Retrieve the pending email change',
          description: 'Returns 404 if no email change is pending.',
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
        config: { caller: 'account', refusals: ['not_found'] },
        schema: {
          operationId: 'cancelEmailChange',
          tags: ['Email change'],
          summary: 'Cancel the pending email change',
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

    app.post(
      '/v1/email/change/confirm',
      {
        config: {
          caller: 'public',
          limit: 'links',
          refusals: ['link_invalid', 'link_expired', 'link_used', 'email_unavailable'],
        },
        schema: {
          operationId: 'confirmEmailChange',
          tags: ['Email change'],
          summary: 'Confirm an email change',
          description:
            'Takes the token from the mail to the new address. The link works regardless of who is signed in. Every session except the one that requested the change is revoked. That session continues with its refresh token; its access token stops working.',
          body: TokenRequest,
          response: { 200: EmailAnswer },
        },
      },
      async (request) => confirmEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/change/confirm/check',
      {
        config: {
          caller: 'public',
          limit: 'links',
          refusals: ['link_invalid', 'link_expired', 'link_used', 'email_unavailable'],
        },
        schema: {
          operationId: 'checkConfirmLink',
          tags: ['Email change'],
          summary: 'Check a confirm link',
          description: 'Returns the same errors as the confirmation. The token is not consumed.',
          body: TokenRequest,
          response: { 200: WorkingLink },
        },
      },
      async (request) => {
        const { emailHint, expiresAt } = await checkConfirmLink(deps, request.body.token)
        return { emailHint, expiresAt: expiresAt.toISOString() }
      },
    )

    app.post(
      '/v1/email/change/revert',
      {
        config: { caller: 'public', limit: 'links', refusals: ['link_invalid', 'link_expired', 'link_used'] },
        schema: {
          operationId: 'revertEmailChange',
          tags: ['Email change'],
          summary: 'Cancel or undo an email change',
          description:
            'Takes the token from a notice to the old address. The link works regardless of who is signed in. Before the change is confirmed, it cancels the change and revokes the session that requested it. After the change is confirmed, it restores the old address: every session is revoked, the password no longer works, and reset instructions are mailed to the old address.',
          body: TokenRequest,
          response: { 200: RevertAnswer },
        },
      },
      async (request) => revertEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/change/revert/check',
      {
        config: { caller: 'public', limit: 'links', refusals: ['link_invalid', 'link_expired', 'link_used'] },
        schema: {
          operationId: 'checkRevertLink',
          tags: ['Email change'],
          summary: 'Check a revert link',
          description: 'Returns what the revert would do now. The token is not consumed.',
          body: TokenRequest,
          response: { 200: WorkingRevertLink },
        },
      },
      async (request) => {
        const { emailHint, expiresAt, outcome } = await checkRevertLink(deps, request.body.token)
        return { emailHint, expiresAt: expiresAt.toISOString(), outcome }
      },
    )
  }
