import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { reauthenticate } from '../domain/passwords/reauthenticate.ts'
import { Refusal } from '../domain/problems.ts'
import { logIn } from '../domain/sessions/log-in.ts'
import { logOut } from '../domain/sessions/log-out.ts'
import { refreshSession } from '../domain/sessions/refresh-session.ts'
import { principalOf } from '../http/caller.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { named, password, requestBody, Tokens, text } from '../http/schemas.ts'
import { readBearerToken } from '../http/tokens/access-token.ts'
import { toTokens } from '../http/tokens/tokens-answer.ts'
import { PlainPassword } from '../security/plain-password.ts'

const LogInRequest = requestBody(
  'LogInRequest',
  { email: text('The email address of the account.'), password: password('The password.') },
  { email: example.email, password: example.password },
)
const RefreshRequest = requestBody(
  'RefreshRequest',
  {
    refreshToken: text('The refresh token of the last answer. This request consumes it.'),
    resource: Type.Optional(
      Type.String({
        description:
          'One of TOKEN_RESOURCES (RFC 8707). The access token is then for this resource only: its `aud` is the resource, and Latchkey’s own routes refuse it.',
      }),
    ),
  },
  { refreshToken: example.refreshToken },
)
const LogOutRequest = requestBody(
  'LogOutRequest',
  {
    refreshToken: Type.Optional(
      text(
        'The refresh token of the session. Without it, the access token in the Authorization header names the session.',
      ),
    ),
  },
  { refreshToken: example.refreshToken },
)
const ReauthenticateRequest = requestBody(
  'ReauthenticateRequest',
  { currentPassword: password('The current password of the account.') },
  { currentPassword: example.password },
)
const Reauthentication = named(
  'Reauthentication',
  Type.Object(
    {
      reauthToken: text('Send it in the request for the change. It works once, and only in this session.'),
      expiresIn: Type.Integer({ description: 'Seconds until the reauthentication token expires.' }),
    },
    {
      description: 'A single-use token for one sensitive change by this session.',
      examples: [{ reauthToken: example.reauthToken, expiresIn: 300 }],
    },
  ),
)

/** Routes that sign in, refresh a session, sign out and reauthenticate. */
export const signInRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/v1/login',
      {
        config: {
          caller: 'public',
          hashes: true,
          refusals: ['invalid_credentials', 'email_not_verified', 'account_disabled', 'password_policy'],
        },
        schema: {
          operationId: 'logIn',
          tags: ['Sessions'],
          summary: 'Sign in',
          description:
            'Starts a session. An unknown address and a wrong password get the same answer after the same time. After several wrong passwords, attempts are slowed down (429); the owner can still sign in from a network that the account has used before.',
          body: LogInRequest,
          response: {
            200: Tokens,
          },
        },
      },
      async (request) => {
        const { email } = request.body
        const given = new PlainPassword(request.body.password)
        const grant = await logIn(deps, { email, password: given, origin: originOf(request) })
        return toTokens(deps, grant)
      },
    )

    app.post(
      '/v1/token/refresh',
      {
        config: { caller: 'public', refusals: ['refresh_token_invalid', 'refresh_token_reused', 'invalid_target'] },
        schema: {
          operationId: 'refreshSession',
          tags: ['Sessions'],
          summary: 'Refresh a session',
          description:
            'Consumes the refresh token and returns its successor with a new access token. Store the successor before it is needed. If the answer was lost, or two tabs refresh at once, the same token can be sent again within 30 seconds (`REFRESH_REUSE_WINDOW`) until its successor is used, and gets the same successor. Any older token revokes the session.',
          body: RefreshRequest,
          response: {
            200: Tokens,
          },
        },
      },
      async (request) => {
        const { refreshToken, resource } = request.body
        // This comes first, because a refused request must not consume the refresh token.
        if (resource !== undefined && !deps.config.tokenResources.includes(resource)) {
          throw new Refusal('invalid_target')
        }
        return toTokens(deps, await refreshSession(deps, { refreshToken, origin: originOf(request) }), resource)
      },
    )

    app.post(
      '/v1/logout',
      {
        config: { caller: 'tokenHolder', bodyIsOptional: true },
        schema: {
          operationId: 'logOut',
          tags: ['Sessions'],
          summary: 'Sign out',
          description:
            'Ends the session that the refresh token names. If the body has no valid refresh token, the access token in the Authorization header is used. The answer is 204 only if that session has ended, now or before.',
          body: LogOutRequest,
          response: {
            204: Type.Null({ description: 'The session has ended.' }),
          },
        },
      },
      async (request, reply) => {
        const { refreshToken } = request.body
        const token = await readBearerToken(deps, request, { mayBeExpired: true })
        const claims = token?.kind === 'session' ? token.claims : null
        await logOut(deps, { refreshToken, claims, origin: originOf(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/v1/reauthenticate',
      {
        config: { caller: 'account', hashes: true, refusals: ['wrong_password', 'password_policy'] },
        schema: {
          operationId: 'reauthenticate',
          tags: ['Sessions'],
          summary: 'Reauthenticate',
          description:
            'Checks the current password and returns a reauthentication token. The token allows one sensitive change by this session.',
          body: ReauthenticateRequest,
          response: {
            200: Reauthentication,
          },
        },
      },
      async (request) => {
        const currentPassword = new PlainPassword(request.body.currentPassword)
        const origin = originOf(request)
        const { reauthToken, expiresIn } = await reauthenticate(deps, {
          principal: principalOf(request),
          currentPassword,
          origin,
        })
        return { reauthToken: reauthToken.reveal(), expiresIn }
      },
    )
  }
