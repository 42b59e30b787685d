import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { requireClient } from '../domain/service-clients/authenticate-client.ts'
import { grantServiceToken } from '../domain/service-clients/grant-service-token.ts'
import { OAuthRefusal } from '../domain/service-clients/oauth-refusal.ts'
import { introspectToken } from '../domain/tokens/introspect-token.ts'
import { revokeToken } from '../domain/tokens/revoke-token.ts'
import { clientCredentials, clientProof } from '../http/oauth/client-credentials.ts'
import { answerOAuthErrorsOf } from '../http/oauth/oauth-responses.ts'
import {
  GrantAnswer,
  GrantRequest,
  IntrospectionAnswer,
  PresentedTokenRequest,
  Revoked,
} from '../http/oauth/oauth-schemas.ts'
import { parseStrictForm } from '../http/oauth/strict-form.ts'
import { originOf } from '../http/request-log.ts'
import { signServiceToken } from '../http/tokens/access-token.ts'
import { introspectionAnswer, readPresentedToken } from '../http/tokens/presented-token.ts'

const FORM = { tags: ['Services'], consumes: ['application/x-www-form-urlencoded'] }

/** The endpoints for other services, in the form that the OAuth RFCs define. */
export const oauthRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeAllContentTypeParsers()
    await app.register(formbody, { parser: parseStrictForm })
    answerOAuthErrorsOf(app)
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('Pragma', 'no-cache') // RFC 6749 section 5.1, beside Cache-Control: no-store
      done()
    })

    app.post(
      '/oauth/token',
      {
        config: {
          caller: 'client',
          limit: 'clientSecrets',
          oauthErrors: ['unsupported_grant_type', 'invalid_scope', 'invalid_target'],
        },
        schema: {
          ...FORM,
          operationId: 'grantToken',
          summary: 'Issue an access token to a service client',
          description:
            'Implements the client credentials grant (RFC 6749 section 4.4). Send the id and the secret in the Basic header or in the body. Keep the token until shortly before it expires: the audit trail has an event for each request.',
          body: GrantRequest,
          response: {
            200: GrantAnswer,
          },
        },
      },
      async (request) => {
        const { grant_type: grantType, scope, resource } = request.body
        if (grantType !== 'client_credentials') throw new OAuthRefusal('unsupported_grant_type')
        const credentials = clientCredentials(request)
        if (!credentials) throw new OAuthRefusal('invalid_client')
        const grant = await grantServiceToken(deps, { credentials, scope, resource, origin: originOf(request) })
        return {
          access_token: signServiceToken(deps, grant, resource),
          token_type: 'Bearer' as const,
          expires_in: deps.config.lifetimes.accessToken,
          scope: grant.scopes.join(' '),
        }
      },
    )

    app.post(
      '/oauth/introspect',
      {
        config: {
          caller: 'clientOrService',
          limit: 'gateways',
          failureLimit: 'clientSecrets',
          oauthErrors: ['insufficient_scope'],
        },
        schema: {
          ...FORM,
          operationId: 'introspectToken',
          summary: 'Introspect a token',
          description:
            'Returns whether a token is valid now, and its claims (RFC 7662). A JWT can also be verified with the public keys alone, but only this operation knows of a session that has ended since. Requires the scope `tokens:introspect`.',
          body: PresentedTokenRequest,
          response: {
            200: IntrospectionAnswer,
          },
        },
      },
      async (request) => {
        const proof = await clientProof(deps, request)
        const token = await readPresentedToken(deps, request.body.token)
        const asked = { proof, subject: token.subject, origin: originOf(request) }
        return introspectionAnswer(deps, token, await introspectToken(deps, asked))
      },
    )

    app.post(
      '/oauth/revoke',
      {
        config: { caller: 'clientOrService', limit: 'gateways', failureLimit: 'clientSecrets', oauthErrors: [] },
        schema: {
          ...FORM,
          operationId: 'revokeToken',
          summary: 'Revoke a token',
          description:
            'Revokes the session that a person’s access token or refresh token belongs to (RFC 7009). A service’s access token is revoked only if the service client that it was issued to requests it. For any other client the answer is the same, and the token stays valid.',
          body: PresentedTokenRequest,
          response: { 200: Revoked },
        },
      },
      async (request, reply) => {
        const origin = originOf(request)
        const client = await requireClient(deps, await clientProof(deps, request), origin)
        const { subject } = await readPresentedToken(deps, request.body.token, { mayBeExpired: true })
        await revokeToken(deps, { client, subject, origin })
        return reply.serializer(() => '').send(null) // the RFC's answer is the status alone
      },
    )
  }
