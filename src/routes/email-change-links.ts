import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { checkConfirmLink, checkRevertLink } from '../domain/email-change/check-email-change-links.ts'
import { confirmEmailChange } from '../domain/email-change/confirm-email-change.ts'
import { revertEmailChange } from '../domain/email-change/revert-email-change.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { LINK_REFUSALS } from '../http/route-declaration.ts'
import { EmailAnswer, named, oneOfTexts, TokenRequest, text, timeText, WorkingLink } from '../http/schemas.ts'

const RevertOutcome = oneOfTexts(
  'RevertOutcome',
  ['cancelled', 'restored'],
  'What a revert does. `cancelled`: the change is still pending, and is cancelled. `restored`: the change is confirmed, and the old ' +
    'address is in force again; everybody is signed out and the password no longer works.',
)
const RevertAnswer = named(
  'RevertedEmailChange',
  Type.Object(
    { email: text('The current address of the account.'), outcome: RevertOutcome },
    { description: 'The change is cancelled or undone.', examples: [{ email: example.email, outcome: 'restored' }] },
  ),
)
const WorkingRevertLink = named(
  'WorkingRevertLink',
  Type.Object(
    {
      emailHint: text('The address that the account would have after the revert, with most of its characters hidden.'),
      expiresAt: timeText('When the link expires.'),
      outcome: RevertOutcome,
    },
    {
      description: 'The link works.',
      examples: [{ emailHint: 'a•••@example.com', expiresAt: '2026-03-09T09:15:12.318Z', outcome: 'restored' }],
    },
  ),
)

const TAKEN_MEANWHILE = {
  code: 'email_unavailable',
  meaning: 'Another account has taken the new address since the change was requested. The change cannot be confirmed.',
} as const

/** Routes of the mailed links: they confirm an email change from the new address, and revert it from the old address. */
export const emailChangeLinkRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/email/change/confirm',
      {
        config: { caller: 'public', limit: 'links', refusals: [...LINK_REFUSALS, TAKEN_MEANWHILE] },
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
        config: { caller: 'public', limit: 'links', refusals: [...LINK_REFUSALS, TAKEN_MEANWHILE] },
        schema: {
          operationId: 'checkConfirmLink',
          tags: ['Email change'],
          summary: 'Check a confirm link',
          description:
            'Call it when the page of the link opens, before the person clicks a button. It answers with the errors of the confirmation itself. The token is not consumed.',
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
        config: { caller: 'public', limit: 'links', refusals: LINK_REFUSALS },
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
        config: { caller: 'public', limit: 'links', refusals: LINK_REFUSALS },
        schema: {
          operationId: 'checkRevertLink',
          tags: ['Email change'],
          summary: 'Check a revert link',
          description:
            'Returns what the revert would do now, so that the page can say so before the person clicks. The token is not consumed.',
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
