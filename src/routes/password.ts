import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { judgePassword } from '../domain/password-policy/judge-password.ts'
import { passwordPolicy } from '../domain/password-policy/password-policy.ts'
import { changePassword } from '../domain/passwords/change-password.ts'
import { checkResetLink } from '../domain/passwords/check-reset-link.ts'
import { requestPasswordReset } from '../domain/passwords/request-password-reset.ts'
import { resetPassword } from '../domain/passwords/reset-password.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { EmailRequest, named, requestBody, TokenRequest, Tokens, Violation } from '../http/schemas.ts'
import { toTokens } from '../http/tokens/tokens-answer.ts'
import { PlainPassword } from '../security/plain-password.ts'

const ChangePasswordRequest = requestBody(
  'ChangePasswordRequest',
  { currentPassword: Type.String(), newPassword: Type.String() },
  { currentPassword: 'Correct-Horse-7', newPassword: 'Battery-Staple-8' },
)
const ResetPasswordRequest = requestBody(
  'ResetPasswordRequest',
  { token: Type.String(), newPassword: Type.String() },
  { token: 'Ew3kYt0m3D0kq0yC8r9Jm1cJ7k8vXo2p5sQd6TzLh4A', newPassword: 'Battery-Staple-8' },
)
const CheckPasswordRequest = requestBody(
  'CheckPasswordRequest',
  { password: Type.String() },
  { password: 'correct horse' },
)
const ResetRequested = named(
  'ResetRequested',
  Type.Object(
    { status: Type.Literal('accepted'), receipt: Type.String({ description: 'What a person reads to Support.' }) },
    { description: 'The same whether or not there is such an account.' },
  ),
)
const ResetLink = named(
  'ResetLink',
  Type.Object(
    { emailHint: Type.String(), expiresAt: Type.String({ format: 'date-time' }) },
    { description: 'The link works.' },
  ),
)
const PasswordPolicy = named(
  'PasswordPolicy',
  Type.Object(
    {
      minLength: Type.Integer(),
      maxLength: Type.Integer(),
      rules: Type.Array(Type.Object({ rule: Type.String(), description: Type.String() })),
    },
    { description: 'Every rule a password must meet.' },
  ),
)
const PasswordChecklist = named(
  'PasswordChecklist',
  Type.Object(
    { acceptable: Type.Boolean(), violations: Type.Array(Violation) },
    { description: 'The rules it breaks.' },
  ),
)

/** Changing a known password, resetting a forgotten one, and the rules for both. */
export const passwordRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/password/change',
      {
        config: { caller: 'account', hashes: true, refusals: ['wrong_password', 'password_policy'] },
        schema: {
          operationId: 'changePassword',
          tags: ['Password'],
          summary: 'Change the password; this session goes on under the tokens in the answer, all others end.',
          body: ChangePasswordRequest,
          response: {
            200: Tokens,
          },
        },
      },
      async (request) => {
        const currentPassword = new PlainPassword(request.body.currentPassword)
        const newPassword = new PlainPassword(request.body.newPassword)
        const who = { principal: principalOf(request), origin: originOf(request) }
        return toTokens(deps, await changePassword(deps, { ...who, currentPassword, newPassword }))
      },
    )

    app.post(
      '/v1/password/forgot',
      {
        config: { caller: 'public', limit: 'mailing', refusals: ['invalid_email'] },
        schema: {
          operationId: 'requestPasswordReset',
          tags: ['Password'],
          summary: 'Ask for reset instructions by mail.',
          body: EmailRequest,
          response: { 202: ResetRequested },
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
        config: { caller: 'public', limit: 'links', refusals: ['link_invalid', 'link_expired', 'link_used'] },
        schema: {
          operationId: 'checkResetLink',
          tags: ['Password'],
          summary: 'See whether a reset link still works; spends nothing.',
          body: TokenRequest,
          response: { 200: ResetLink },
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
          refusals: ['link_invalid', 'link_expired', 'link_used', 'password_policy'],
        },
        schema: {
          operationId: 'resetPassword',
          tags: ['Password'],
          summary: 'Set a new password with a mailed link, whoever is signed in. Nobody is signed in by it.',
          body: ResetPasswordRequest,
          response: {
            204: Type.Null({ description: 'The new password is in force; sign in with it.' }),
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

    app.get(
      '/v1/password/policy',
      {
        config: { caller: 'public' },
        schema: {
          operationId: 'readPasswordPolicy',
          tags: ['Password'],
          summary: 'The rules a new password must meet.',
          response: { 200: PasswordPolicy },
        },
      },
      async () => {
        const policy = passwordPolicy(deps.config.passwordPreset, { hasBreachList: deps.breachList !== null })
        return { ...policy, rules: [...policy.rules] }
      },
    )

    app.post(
      '/v1/password/check',
      {
        config: { caller: 'public', limit: 'passwords' },
        schema: {
          operationId: 'checkPassword',
          tags: ['Password'],
          summary: 'A live checklist: the rules a password breaks.',
          body: CheckPasswordRequest,
          response: { 200: PasswordChecklist },
        },
      },
      async (request) => {
        const broken = await judgePassword(deps, new PlainPassword(request.body.password))
        return { acceptable: broken.length === 0, violations: broken.map((rule) => ({ field: 'password', ...rule })) }
      },
    )
  }
