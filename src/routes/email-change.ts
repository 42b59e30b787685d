import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { confirmEmailChange } from '../domain/email-change/confirm-email-change.ts'
import { cancelEmailChange, readPendingEmailChange } from '../domain/email-change/pending-email-change.ts'
import { requestEmailChange } from '../domain/email-change/request-email-change.ts'
import { revertEmailChange } from '../domain/email-change/revert-email-change.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { EmailAnswer, named, requestBody, TokenRequest } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const EmailChangeRequest = requestBody(
  'EmailChangeRequest',
  {
    newEmail: Type.String(),
    reauthToken: Type.Optional(Type.String({ description: 'From POST /v1/reauthenticate.' })),
    currentPassword: Type.Optional(Type.String({ description: 'Instead of reauthToken, to do both in one step.' })),
  },
  { newEmail: 'ada@newdomain.example', currentPassword: 'Correct-Horse-7' },
)
const PendingEmailChange = named(
  'PendingEmailChange',
  Type.Object(
    { pendingEmail: Type.String(), expiresAt: Type.String({ format: 'date-time' }) },
    { description: 'The address to be confirmed, and until when.' },
  ),
)

/** Moving an account to another address: asked for, confirmed from the new one, reverted from the old one. */
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
          summary:
            'Ask to move the account to another address; the current one stays in force until that is confirmed.',
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
          summary: 'Read the pending change.',
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
          summary: 'Give up the pending change.',
          response: {
            204: Type.Null({ description: 'Given up.' }),
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
          summary: 'Confirm a change with the link mailed to the new address, whoever is signed in.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
          },
        },
      },
      async (request) => confirmEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/change/revert',
      {
        config: { caller: 'public', limit: 'links', refusals: ['link_invalid', 'link_expired', 'link_used'] },
        schema: {
          operationId: 'revertEmailChange',
          tags: ['Email change'],
          summary: 'Cancel or undo a change with the link mailed to the old address, whoever is signed in.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
          },
        },
      },
      async (request) => revertEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )
  }
