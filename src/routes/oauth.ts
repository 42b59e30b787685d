import formbody from '@fastify/formbody'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { grantServiceToken } from '../domain/service-clients/grant-service-token.ts'
import { OAuthRefusal } from '../domain/service-clients/oauth-refusal.ts'
import { signServiceToken } from '../http/access-token.ts'
import { clientCredentials } from '../http/client-credentials.ts'
import { answerOAuthErrorsOf } from '../http/oauth-responses.ts'
import { OAuthClientFields, oauthRefusals } from '../http/oauth-schemas.ts'
import { parseStrictForm } from '../http/strict-form.ts'

const TokenBody = Type.Object(
  {
    grant_type: Type.String({ description: 'Always `client_credentials`.' }),
    scope: Type.Optional(Type.String({ description: 'Space-separated; without it, all that the client has.' })),
    ...OAuthClientFields,
  },
  { examples: [{ grant_type: 'client_credentials', scope: 'tokens:introspect' }] },
)
const TokenAnswer = Type.Object(
  {
    access_token: Type.String({ description: 'A JWT (RFC 9068).' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds.' }),
    scope: Type.String({ description: 'What it was granted for, space-separated.' }),
  },
  { description: 'An access token; there is no refresh token (RFC 6749 section 4.4.3).' },
)

/** What other services call, in the words and the encoding of the OAuth RFCs. */
export const oauthRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeAllContentTypeParsers()
    await app.register(formbody, { parser: parseStrictForm })
    answerOAuthErrorsOf(app)
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('Pragma', 'no-cache') // RFC 6749 section 5.1; beside Cache-Control: no-store
    })

    app.post(
      '/oauth/token',
      {
        config: { caller: 'public' },
        schema: {
          operationId: 'grantToken',
          tags: ['Services'],
          summary: 'Sign a service in with its client credentials (RFC 6749 section 4.4).',
          consumes: ['application/x-www-form-urlencoded'],
          security: [{ client: [] }, {}],
          body: TokenBody,
          response: {
            200: TokenAnswer,
            ...oauthRefusals(['invalid_client', 'unsupported_grant_type', 'invalid_scope']),
          },
        },
      },
      async (request) => {
        const { grant_type: grantType, scope } = request.body
        if (grantType !== 'client_credentials') throw new OAuthRefusal('unsupported_grant_type')
        const credentials = clientCredentials(request)
        if (!credentials) throw new OAuthRefusal('invalid_client')
        const grant = await grantServiceToken(deps, { credentials, scope })
        return {
          access_token: signServiceToken(app, deps, grant),
          token_type: 'Bearer' as const,
          expires_in: deps.config.lifetimes.accessToken,
          scope: grant.scopes.join(' '),
        }
      },
    )
  }
