import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { checkPassword } from '../domain/password-policy/check-password.ts'
import { passwordPolicy } from '../domain/password-policy/password-policy.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { named, oneOfTexts, password, requestBody, text, Violation } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const CheckPasswordRequest = requestBody(
  'CheckPasswordRequest',
  {
    password: password('The password as typed so far.'),
    email: Type.Optional(text('The address of the account. The rule `not_email` needs it.')),
  },
  { password: 'correct horse', email: example.email },
)
const CheckedBy = oneOfTexts(
  'CheckedBy',
  ['check', 'save'],
  '`check`: `POST /v1/password/check` checks this rule. `save`: only the request that sets the password checks it.',
)
const PasswordRule = named(
  'PasswordRule',
  Type.Object(
    {
      rule: text('The name of the rule, as in `violations`. New rules may be added.'),
      description: text('The rule in words that may be shown to a person.'),
      checkedBy: CheckedBy,
    },
    { description: 'A rule that a new password must meet.' },
  ),
)
const PasswordPolicy = named(
  'PasswordPolicy',
  Type.Object(
    {
      minLength: Type.Integer({ description: 'The smallest number of characters.' }),
      maxLength: Type.Integer({ description: 'The largest number of characters.' }),
      rules: Type.Array(PasswordRule, { description: 'The rules in the order in which a form would show them.' }),
    },
    {
      description: 'Every rule that a new password must meet.',
      examples: [
        {
          minLength: 8,
          maxLength: 128,
          rules: [
            { rule: 'min_length', description: 'At least 8 characters.', checkedBy: 'check' },
            { rule: 'max_length', description: 'At most 128 characters.', checkedBy: 'check' },
            { rule: 'uppercase', description: 'At least one upper-case letter.', checkedBy: 'check' },
            { rule: 'lowercase', description: 'At least one lower-case letter.', checkedBy: 'check' },
            { rule: 'number', description: 'At least one number.', checkedBy: 'check' },
            { rule: 'special', description: 'At least one symbol, such as ! ? or -, or a space.', checkedBy: 'check' },
            { rule: 'not_email', description: 'Different from your email address.', checkedBy: 'check' },
            { rule: 'not_current', description: 'Different from your current password.', checkedBy: 'save' },
          ],
        },
      ],
    },
  ),
)
const PasswordChecklist = named(
  'PasswordChecklist',
  Type.Object(
    {
      acceptable: Type.Boolean({ description: 'Whether the password meets every rule that is checked here.' }),
      violations: Type.Array(Violation, { description: 'Every rule that the password breaks.' }),
      unchecked: Type.Array(Type.String(), {
        description:
          'The rules that cannot be checked here: show them without a tick. `not_email` is one of them if `email` is not given.',
      }),
    },
    {
      description: 'The result of the check.',
      examples: [
        {
          acceptable: false,
          violations: [
            { field: 'password', rule: 'uppercase', message: 'At least one upper-case letter.' },
            { field: 'password', rule: 'number', message: 'At least one number.' },
          ],
          unchecked: ['not_current'],
        },
      ],
    },
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
          description: 'Call it before a form is shown, and list the rules beside the field of the new password.',
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
        const { email } = request.body
        const given = new PlainPassword(request.body.password)
        const { broken, unchecked } = await checkPassword(deps, { password: given, email })
        return {
          acceptable: broken.length === 0,
          violations: broken.map((rule) => ({ field: 'password', ...rule })),
          unchecked,
        }
      },
    )
  }
