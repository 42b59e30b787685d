import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { register } from '../domain/registration/register.ts'
import { resendVerification } from '../domain/registration/resend-verification.ts'
import { checkVerificationLink, verifyEmail } from '../domain/registration/verify-email.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { LINK_REFUSALS } from '../http/route-declaration.ts'
import {
  Accepted,
  EmailAnswer,
  EmailRequest,
  password,
  requestBody,
  TokenRequest,
  text,
  VerificationSent,
  WorkingLink,
} from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const RegisterRequest = requestBody(
  'RegisterRequest',
  {
    email: text('The email address. Spaces around it are ignored.'),
    password: password('The password. It must meet every rule of `GET /v1/password/policy`.'),
    locale: Type.Optional(
      text(
        'The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`. Without it, the language comes from the ' +
          '`Accept-Language` header.',
      ),
    ),
  },
  { email: example.email, password: example.password, locale: 'en-GB' },
)

/** Routes that register an account and verify its address. */
export const registrationRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/register',
      {
        config: { caller: 'public', hashes: true, refusals: ['password_policy', 'invalid_email'] },
        schema: {
          operationId: 'register',
          tags: ['Registration'],
          summary: 'Register an account',
          description:
            'Mails a link that verifies the address. The answer is the same, and takes the same time, for a new address, an address in use and a locked address. Only the mail that follows differs.',
          body: RegisterRequest,
          response: {
            202: VerificationSent,
          },
        },
      },
      async (request, reply) => {
        const { password: typed, ...body } = request.body
        const origin = originOf(request)
        const { receipt } = await register(deps, { ...body, password: new PlainPassword(typed), origin })
        return reply.code(202).send({ status: 'verification_sent', receipt })
      },
    )

    app.post(
      '/v1/email/verify',
      {
        config: { caller: 'public', limit: 'links', refusals: LINK_REFUSALS },
        schema: {
          operationId: 'verifyEmail',
          tags: ['Registration'],
          summary: 'Verify an email address',
          description:
            'Takes the token from the verification mail and creates the account of that registration, with its password. The link works regardless of who is signed in. If the address has so many unverified registrations that some received no mail, the account has no password yet. The person then receives a mail with a link to choose one.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
          },
        },
      },
      async (request) => verifyEmail(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/verify/check',
      {
        config: { caller: 'public', limit: 'links', refusals: LINK_REFUSALS },
        schema: {
          operationId: 'checkVerificationLink',
          tags: ['Registration'],
          summary: 'Check a verification link',
          description:
            'Call it when the page of the link opens. It returns the address that the link is for, with most of its characters hidden. The token is not consumed.',
          body: TokenRequest,
          response: { 200: WorkingLink },
        },
      },
      async (request) => {
        const { emailHint, expiresAt } = await checkVerificationLink(deps, request.body.token)
        return { emailHint, expiresAt: expiresAt.toISOString() }
      },
    )

    app.post(
      '/v1/email/verify/resend',
      {
        config: { caller: 'public', limit: 'mailing', refusals: ['invalid_email'] },
        schema: {
          operationId: 'resendVerification',
          tags: ['Registration'],
          summary: 'Request another verification mail',
          description:
            'Mails another verification link to the address if it has a registration that is not verified yet. The answer is the same, and takes the same time, for every address.',
          body: EmailRequest,
          response: {
            202: Accepted,
          },
        },
      },
      async (request, reply) => {
        const { receipt } = await resendVerification(deps, { email: request.body.email, origin: originOf(request) })
        return reply.code(202).send({ status: 'accepted', receipt })
      },
    )
  }
