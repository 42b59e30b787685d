import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { changePassword } from '../domain/passwords/change-password.ts'
import { checkResetLink } from '../domain/passwords/check-reset-link.ts'
import { requestPasswordReset } from '../domain/passwords/request-password-reset.ts'
import { resetPassword } from '../domain/passwords/reset-password.ts'
import { principalOf } from '../http/caller.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { LINK_REFUSALS } from '../http/route-declaration.ts'
import {
  Accepted,
  EmailRequest,
  password,
  requestBody,
  TokenRequest,
  Tokens,
  text,
  WorkingLink,
} from '../http/schemas.ts'
import { toTokens } from '../http/tokens/tokens-answer.ts'
import { PlainPassword } from '../security/plain-password.ts'

const ChangePasswordRequest = requestBody(
  'ChangePasswordRequest',
  {
    currentPassword: Type.Optional(password('The current password. Required unless `reauthToken` is given.')),
    reauthToken: Type.Optional(text('The token from `POST /v1/reauthenticate`. Send it instead of `currentPassword`.')),
    newPassword: password('The new password. It must meet every rule of `GET /v1/password/policy`.'),
  },
  { currentPassword: example.password, newPassword: example.newPassword },
  { reauthToken: example.reauthToken, newPassword: example.newPassword },
)
const ResetPasswordRequest = requestBody(
  'ResetPasswordRequest',
  {
    token: text('The token in the fragment of the mailed link.'),
    newPassword: password('The new password. It must meet every rule of `GET /v1/password/policy`.'),
  },
  { token: example.mailedToken, newPassword: example.newPassword },
)

/** Routes that change a known password and reset a forgotten one. */
export const passwordRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/password/change',
      {
        config: {
          caller: 'account',
          hashes: true,
          refusals: ['reauthentication_required', 'wrong_password', 'password_policy'],
        },
        schema: {
          operationId: 'changePassword',
          tags: ['Password'],
          summary: 'Change the password',
          description:
            'Takes either `currentPassword` or `reauthToken`. This session continues with the tokens in the answer; its old tokens stop working at once. Every other session is revoked.',
          body: ChangePasswordRequest,
          response: {
            200: Tokens,
          },
        },
      },
      async (request) => {
        const { currentPassword, reauthToken, newPassword } = request.body
        const grant = await changePassword(deps, {
          principal: principalOf(request),
          origin: originOf(request),
          newPassword: new PlainPassword(newPassword),
          ...(currentPassword === undefined ? {} : { currentPassword: new PlainPassword(currentPassword) }),
          ...(reauthToken === undefined ? {} : { reauthToken }),
        })
        return toTokens(deps, grant)
      },
    )

    app.post(
      '/v1/password/forgot',
      {
        config: { caller: 'public', limit: 'mailing', refusals: ['invalid_email'] },
        schema: {
          operationId: 'requestPasswordReset',
          tags: ['Password'],
          summary: 'Request reset instructions',
          description:
            'Mails a reset link to the address if it belongs to an account. The answer is the same, and takes the same time, for every address. Several links of an account can work at the same time; using one invalidates the others.',
          body: EmailRequest,
          response: { 202: Accepted },
        },
      },
      async (request, reply) => {
        const { receipt } = await requestPasswordReset(deps, { email: request.body.email, origin: originOf(request) })
        return reply.code(202).send({ status: 'accepted', receipt })
      },
    )

    app.post(
      '/v1/password/reset/check',
      {
        config: { caller: 'public', limit: 'links', refusals: LINK_REFUSALS },
        schema: {
          operationId: 'checkResetLink',
          tags: ['Password'],
          summary: 'Check a reset link',
          description:
            'Call it when the page of the link opens. It returns the address that the link is for, with most of its characters hidden. The token is not consumed.',
          body: TokenRequest,
          response: { 200: WorkingLink },
        },
      },
      async (request) => {
        const { emailHint, expiresAt } = await checkResetLink(deps, request.body.token)
        return { emailHint, expiresAt: expiresAt.toISOString() }
      },
    )

    app.post(
      '/v1/password/reset',
      {
        config: {
          caller: 'public',
          hashes: true,
          refusals: [...LINK_REFUSALS, 'password_policy'],
        },
        schema: {
          operationId: 'resetPassword',
          tags: ['Password'],
          summary: 'Reset the password',
          description:
            'Takes the token from the reset instructions. The link works regardless of who is signed in. Every session of the account is revoked, and no session is created: the person signs in with the new password. A refused password does not consume the token.',
          body: ResetPasswordRequest,
          response: {
            204: Type.Null({ description: 'The password is changed.' }),
          },
        },
      },
      async (request, reply) => {
        const { token } = request.body
        await resetPassword(deps, {
          token,
          newPassword: new PlainPassword(request.body.newPassword),
          origin: originOf(request),
        })
        return reply.code(204).send(null)
      },
    )
  }
