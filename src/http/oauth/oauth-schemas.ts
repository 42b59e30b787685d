import { Type } from '@fastify/type-provider-typebox'
import { type OAuthErrorCode, oauthErrors } from '../../domain/service-clients/oauth-refusal.ts'
import { named } from '../schemas.ts'

/** Client credentials in the body, for those who do not send the Basic header. */
const CLIENT_FIELDS = {
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
}

// Unlike the other bodies these take fields they do not know: RFC 6749 section 3.2 has them ignored.
export const GrantRequest = named(
  'GrantRequest',
  Type.Object(
    {
      grant_type: Type.String({ description: 'Always `client_credentials`.' }),
      scope: Type.Optional(Type.String({ description: 'Space-separated; without it, all that the client has.' })),
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
      expires_in: Type.Integer({ description: 'Seconds.' }),
      scope: Type.String({ description: 'What it was granted for, space-separated.' }),
    },
    { description: 'An access token; there is no refresh token (RFC 6749 section 4.4.3).' },
  ),
)

export const PresentedTokenRequest = named(
  'PresentedToken',
  Type.Object(
    {
      token: Type.String({ description: 'An access or a refresh token.' }),
      token_type_hint: Type.Optional(Type.String({ description: 'Not needed: a token shows what it is.' })),
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
      active: Type.Boolean({ description: 'Where it is false, nothing else is said.' }),
      token_use: text('`access_token` or `refresh_token`; a refresh token is not to be accepted from a caller.'),
      token_type: text('`Bearer`; an access token only.'),
      scope: text('Space-separated; an access token only.'),
      client_id: text('`latchkey` for people, the client’s own id for a service.'),
      sub: text('The account, or the client.'),
      iss: text('This service.'),
      aud: text('Whom an access token is for.'),
      jti: text('The token’s own id.'),
      sid: text('The session, of a person’s token.'),
      iat: seconds('When it was made'),
      exp: seconds('When it expires'),
      auth_time: seconds('When a password was last proven'),
      amr: Type.Optional(Type.Array(Type.String(), { description: 'How it was proven.' })),
    },
    { description: 'What holds of the token right now.' },
  ),
)

export const Revoked = Type.Null({ description: 'It is over, whatever it was.' })

const OAuthError = named(
  'OAuthError',
  Type.Object(
    { error: Type.String({ description: 'Stable: decide by this.' }), error_description: Type.String() },
    { description: 'An error in the form of RFC 6749 section 5.2.' },
  ),
)

const ALWAYS: readonly OAuthErrorCode[] = ['invalid_request', 'temporarily_unavailable', 'server_error']
/** Where the status says more than the RFC has words for. */
const BY_STATUS = { 413: 'invalid_request', 415: 'invalid_request', 429: 'temporarily_unavailable' } as const

/** The error responses of an OAuth endpoint, by status, with each `error` it can answer and an example of it. */
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
