import { Type } from '@fastify/type-provider-typebox'
import { type OAuthErrorCode, oauthErrors } from '../../domain/service-clients/oauth-refusal.ts'
import { named } from '../schemas.ts'

/** Client credentials in the body, in place of the Basic header. */
const CLIENT_FIELDS = {
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
}

// Unlike all other bodies, these accept unknown fields: RFC 6749 section 3.2 demands that they are ignored.
export const GrantRequest = named(
  'GrantRequest',
  Type.Object(
    {
      grant_type: Type.String({ description: 'Always `client_credentials`.' }),
      scope: Type.Optional(
        Type.String({ description: 'Scopes, separated by spaces. Default: all scopes of the client.' }),
      ),
      resource: Type.Optional(
        Type.String({
          description:
            'One of TOKEN_RESOURCES (RFC 8707). The token is then for this resource only: its `aud` is the resource, and Latchkey’s own routes refuse it.',
        }),
      ),
      ...CLIENT_FIELDS,
    },
    { examples: [{ grant_type: 'client_credentials', scope: 'tokens:introspect' }] },
  ),
)

export const GrantAnswer = named(
  'Grant',
  Type.Object(
    {
      access_token: Type.String({ description: 'A JWT (RFC 9068).' }),
      token_type: Type.Literal('Bearer'),
      expires_in: Type.Integer({ description: 'Seconds until the access token expires.' }),
      scope: Type.String({ description: 'The granted scopes, separated by spaces.' }),
    },
    { description: 'An access token. There is no refresh token (RFC 6749 section 4.4.3).' },
  ),
)

export const PresentedTokenRequest = named(
  'PresentedToken',
  Type.Object(
    {
      token: Type.String({ description: 'An access token or a refresh token.' }),
      token_type_hint: Type.Optional(Type.String({ description: 'Ignored. The token itself shows its type.' })),
      ...CLIENT_FIELDS,
    },
    { examples: [{ token: 'eyJhbGciOi…' }] },
  ),
)

const seconds = (description: string) =>
  Type.Optional(Type.Integer({ description: `${description}, in Unix seconds.` }))
const text = (description: string) => Type.Optional(Type.String({ description }))

export const IntrospectionAnswer = named(
  'Introspection',
  Type.Object(
    {
      active: Type.Boolean({ description: 'Whether the token is valid now. If false, there are no other fields.' }),
      token_use: text('`access_token` or `refresh_token`. Do not accept a refresh token from a caller.'),
      token_type: text('Always `Bearer`. Present for access tokens only.'),
      scope: text('The scopes, separated by spaces. Present for access tokens only.'),
      client_id: text('`latchkey` for a person’s token, the client id for a service’s token.'),
      sub: text('The id of the account or of the service client.'),
      iss: text('The issuer: the PUBLIC_URL of this service.'),
      aud: text('The audience of an access token: this service, or one of TOKEN_RESOURCES.'),
      jti: text('The id of the token.'),
      sid: text('The id of the session. Present for a person’s token only.'),
      iat: seconds('When the token was issued'),
      exp: seconds('When the token expires'),
      auth_time: seconds('When the person signed in'),
      amr: Type.Optional(Type.Array(Type.String(), { description: 'How the person signed in (RFC 8176).' })),
    },
    { description: 'Whether the token is valid now, and its claims.' },
  ),
)

export const Revoked = Type.Null({ description: 'The same answer for every token.' })

const OAuthError = named(
  'OAuthError',
  Type.Object(
    {
      error: Type.String({ description: 'The stable code of the error. Programs should decide by this field only.' }),
      error_description: Type.String(),
    },
    { description: 'An error in the form of RFC 6749 section 5.2.' },
  ),
)

const ALWAYS: readonly OAuthErrorCode[] = ['invalid_request', 'temporarily_unavailable', 'server_error']
/** Statuses for which the RFC defines no code. */
const BY_STATUS = { 413: 'invalid_request', 415: 'invalid_request', 429: 'temporarily_unavailable' } as const

/** The error responses of an OAuth endpoint for its schema, by status, with each `error` that it can answer and an example of it. */
export function oauthRefusals(codes: readonly OAuthErrorCode[]) {
  const entries = [
    ...[...codes, ...ALWAYS].map((code) => ({ status: oauthErrors[code][0], code })),
    ...Object.entries(BY_STATUS).map(([status, code]) => ({ status: Number(status), code })),
  ]
  const codesOf = (status: number) => entries.filter((entry) => entry.status === status).map((entry) => entry.code)
  return Object.fromEntries(entries.map(({ status }) => [status, oauthResponse(codesOf(status))]))
}

function oauthResponse(codes: readonly OAuthErrorCode[]) {
  const example = (code: OAuthErrorCode) => ({ value: { error: code, error_description: oauthErrors[code][1] } })
  return {
    description: codes.map((code) => `\`${code}\`: ${oauthErrors[code][1]}`).join(' '),
    content: {
      'application/json': {
        schema: OAuthError,
        examples: Object.fromEntries(codes.map((code) => [code, example(code)])),
      },
    },
  }
}
