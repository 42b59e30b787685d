import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { checkPassword } from '../domain/password-policy/check-password.ts'
import { passwordPolicy } from '../domain/password-policy/password-policy.ts'
import { named, requestBody, Violation } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const CheckPasswordRequest = requestBody(
  'CheckPasswordRequest',
  {
    password: Type.String(),
    email: Type.Optional(Type.String({ description: 'The address of the account. The rule `not_email` needs it.' })),
  },
  { password: 'correct horse' },
)
const PasswordPolicy = named(
  'PasswordPolicy',
  Type.Object(
    {
      minLength: Type.Integer(),
      maxLength: Type.Integer(),
      rules: Type.Array(
        Type.Object({
          rule: Type.String(),
          description: Type.String(),
          checkedBy: Type.Union([Type.Literal('check'), Type.Literal('save')], {
            description:
              '`check`: `POST /v1/password/check` checks this rule. `save`: only the request that sets the password checks it.',
          }),
        }),
      ),
    },
    { description: 'Every rule that a new password must meet.' },
  ),
)
const PasswordChecklist = named(
  'PasswordChecklist',
  Type.Object(
    {
      acceptable: Type.Boolean({ description: 'Whether the password meets every rule that is checked here.' }),
      violations: Type.Array(Violation),
      unchecked: Type.Array(Type.String(), {
        description: 'The rules that only the request that sets the password can check.',
      }),
    },
    { description: 'The result of the check.' },
  ),
)

/** Routes that return the password policy and check a password while a person types it. */
export const passwordPolicyRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/password/policy',
      {
        config: { caller: 'public' },
        schema: {
          operationId: 'readPasswordPolicy',
          tags: ['Password'],
          summary: 'Retrieve the password policy',
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
          summary: 'Check a password',
          description: 'Use this for a live checklist while a person types a new password. It changes nothing.',
          body: CheckPasswordRequest,
          response: { 200: PasswordChecklist },
        },
      },
      async (request) => {
        const { password, email } = request.body
        const { broken, unchecked } = await checkPassword(deps, { password: new PlainPassword(password), email })
        return {
          acceptable: broken.length === 0,
          violations: broken.map((rule) => ({ field: 'password', ...rule })),
          unchecked,
        }
      },
    )
  }
