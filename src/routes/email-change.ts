import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { confirmEmailChange } from '../domain/email-change/confirm-email-change.ts'
import { cancelEmailChange, readPendingEmailChange } from '../domain/email-change/pending-email-change.ts'
import { requestEmailChange } from '../domain/email-change/request-email-change.ts'
import { revertEmailChange } from '../domain/email-change/revert-email-change.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { EmailAnswer, named, refusals, requestBody, TokenRequest } from '../http/schemas.ts'
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
const bearer = [{ bearer: [] }]

/** Moving an account to another address: asked for, confirmed from the new one, reverted from the old one. */
export const emailChangeRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/email/change',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'requestEmailChange',
          tags: ['Email change'],
          summary:
            'Ask to move the account to another address; the current one stays in force until that is confirmed.',
          security: bearer,
          body: EmailChangeRequest,
          response: {
            202: PendingEmailChange,
            ...refusals([
              'unauthenticated',
              'reauthentication_required',
              'wrong_password',
              'email_unavailable',
              'email_unchanged',
              'invalid_email',
              'password_policy',
              'too_many_attempts',
            ]),
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
        config: { caller: 'account' },
        schema: {
          operationId: 'readPendingEmailChange',
          tags: ['Email change'],
          summary: 'Read the pending change.',
          security: bearer,
          response: {
            200: PendingEmailChange,
            ...refusals(['unauthenticated', 'not_found', 'too_many_attempts'], { body: false }),
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
        config: { caller: 'account' },
        schema: {
          operationId: 'cancelEmailChange',
          tags: ['Email change'],
          summary: 'Give up the pending change.',
          security: bearer,
          response: {
            204: Type.Null({ description: 'Given up.' }),
            ...refusals(['unauthenticated', 'not_found', 'too_many_attempts']),
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
        config: { caller: 'public' },
        schema: {
          operationId: 'confirmEmailChange',
          tags: ['Email change'],
          summary: 'Confirm a change with the link mailed to the new address, whoever is signed in.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
            ...refusals(['link_invalid', 'link_expired', 'link_used', 'email_unavailable', 'too_many_attempts']),
          },
        },
      },
      async (request) => confirmEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/change/revert',
      {
        config: { caller: 'public' },
        schema: {
          operationId: 'revertEmailChange',
          tags: ['Email change'],
          summary: 'Cancel or undo a change with the link mailed to the old address, whoever is signed in.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
            ...refusals(['link_invalid', 'link_expired', 'link_used', 'too_many_attempts']),
          },
        },
      },
      async (request) => revertEmailChange(deps, { token: request.body.token, origin: originOf(request) }),
    )
  }
