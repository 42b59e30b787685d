import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { register } from '../domain/registration/register.ts'
import { resendVerification } from '../domain/registration/resend-verification.ts'
import { verifyEmail } from '../domain/registration/verify-email.ts'
import { originOf } from '../http/request-log.ts'
import { EmailAnswer, EmailRequest, named, requestBody, TokenRequest } from '../http/schemas.ts'
import { PlainPassword } from '../security/plain-password.ts'

const RegisterRequest = requestBody(
  'RegisterRequest',
  { email: Type.String(), password: Type.String() },
  { email: 'ada@example.com', password: 'Correct-Horse-7' },
)
const VerificationSent = named(
  'VerificationSent',
  Type.Object({ status: Type.Literal('verification_sent') }, { description: 'A mail is on its way.' }),
)
const Accepted = named('Accepted', Type.Object({ status: Type.Literal('accepted') }, { description: 'Always alike.' }))

/** From "I want an account" to a proven address. */
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
          summary:
            'Ask for an account. The answer is the same for a new, a used and a locked address; the mail differs.',
          body: RegisterRequest,
          response: {
            202: VerificationSent,
          },
        },
      },
      async (request, reply) => {
        const { email, password } = request.body
        await register(deps, { email, password: new PlainPassword(password), origin: originOf(request) })
        return reply.code(202).send({ status: 'verification_sent' })
      },
    )

    app.post(
      '/v1/email/verify',
      {
        config: { caller: 'public', limit: 'links', refusals: ['link_invalid', 'link_expired', 'link_used'] },
        schema: {
          operationId: 'verifyEmail',
          tags: ['Registration'],
          summary: 'Open the account that a verification link belongs to.',
          body: TokenRequest,
          response: {
            200: EmailAnswer,
          },
        },
      },
      async (request) => verifyEmail(deps, { token: request.body.token, origin: originOf(request) }),
    )

    app.post(
      '/v1/email/verify/resend',
      {
        config: { caller: 'public', limit: 'mailing', refusals: ['invalid_email'] },
        schema: {
          operationId: 'resendVerification',
          tags: ['Registration'],
          summary: 'Ask for another verification mail.',
          body: EmailRequest,
          response: {
            202: Accepted,
          },
        },
      },
      async (request, reply) => {
        await resendVerification(deps, { email: request.body.email, origin: originOf(request) })
        return reply.code(202).send({ status: 'accepted' })
      },
    )
  }
