import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { reauthenticate } from '../domain/passwords/reauthenticate.ts'
import { Refusal } from '../domain/problems.ts'
import { logIn } from '../domain/sessions/log-in.ts'
import { logOut } from '../domain/sessions/log-out.ts'
import { refreshSession } from '../domain/sessions/refresh-session.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named, requestBody, Tokens } from '../http/schemas.ts'
import { readBearerToken } from '../http/tokens/access-token.ts'
import { toTokens } from '../http/tokens/tokens-answer.ts'
import { PlainPassword } from '../security/plain-password.ts'

const LogInRequest = requestBody(
  'LogInRequest',
  { email: Type.String(), password: Type.String() },
  { email: 'ada@example.com', password: 'Correct-Horse-7' },
)
const RefreshRequest = requestBody(
  'RefreshRequest',
  {
    refreshToken: Type.String(),
    resource: Type.Optional(
      Type.String({
        description:
          'One of TOKEN_RESOURCES (RFC 8707). The access token is then for this resource only: its `aud` is the resource, and Latchkey’s own routes refuse it.',
      }),
    ),
  },
  { refreshToken: 'lkr_…' },
)
const LogOutRequest = requestBody(
  'LogOutRequest',
  { refreshToken: Type.Optional(Type.String()) },
  { refreshToken: 'lkr_…' },
)
const ReauthenticateRequest = requestBody(
  'ReauthenticateRequest',
  { currentPassword: Type.String() },
  { currentPassword: 'Correct-Horse-7' },
)
const Reauthentication = named(
  'Reauthentication',
  Type.Object(
    {
      reauthToken: Type.String(),
      expiresIn: Type.Integer({ description: 'Seconds until the reauthentication token expires.' }),
    },
    { description: 'A single-use token for one sensitive change by this session.' },
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
            'Starts a session. An unknown address and a wrong password get the same answer after the same time.',
          body: LogInRequest,
          response: {
            200: Tokens,
          },
        },
      },
      async (request) => {
        const { email, password } = request.body
        const grant = await logIn(deps, { email, password: new PlainPassword(password), origin: originOf(request) })
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
            'Consumes the refresh token and returns its successor with a new access token. If the answer was lost, the same token can be sent again within `REFRESH_REUSE_WINDOW` seconds, until its successor is used. Any older token revokes the session.',
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
        config: { caller: 'tokenHolder' },
        preValidation: async (request) => {
          if (request.body === undefined) request.body = {} // only this route accepts a request without a body
        },
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
