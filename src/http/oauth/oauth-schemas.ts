import { example } from '../openapi/example-values.ts'
import { Type } from '../openapi/schema-types.ts'
import { named, password, text } from '../schemas.ts'

/** Client credentials in the body, in place of the Basic header. */
const CLIENT_FIELDS = {
  client_id: Type.Optional(text('The id of the service client, if it is not in the Basic header.')),
  client_secret: Type.Optional(password('The secret of the service client, if it is not in the Basic header.')),
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
    {
      description: 'A request for an access token.',
      examples: [{ grant_type: 'client_credentials', scope: 'tokens:introspect' }],
    },
  ),
)

export const GrantAnswer = named(
  'Grant',
  Type.Object(
    {
      access_token: text('A JWT (RFC 9068). Send it in the header `Authorization: Bearer`.'),
      token_type: Type.Literal('Bearer', { description: 'Always `Bearer`.' }),
      expires_in: Type.Integer({ description: 'Seconds until the access token expires.' }),
      scope: Type.String({ description: 'The granted scopes, separated by spaces.' }),
    },
    {
      description:
        'An access token. There is no refresh token (RFC 6749 section 4.4.3): request another token instead.',
      examples: [
        { access_token: example.serviceToken, token_type: 'Bearer', expires_in: 300, scope: 'tokens:introspect' },
      ],
    },
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
    { description: 'A token that the caller has received.', examples: [{ token: example.accessToken }] },
  ),
)

const seconds = (description: string) =>
  Type.Optional(Type.Integer({ description: `${description}, in Unix seconds.` }))
const claim = (description: string) => Type.Optional(text(description))

export const IntrospectionAnswer = named(
  'Introspection',
  Type.Object(
    {
      active: Type.Boolean({ description: 'Whether the token is valid now. If false, there are no other fields.' }),
      token_use: claim('`access_token` or `refresh_token`. Do not accept a refresh token from a caller.'),
      token_type: claim('Always `Bearer`. Present for access tokens only.'),
      scope: claim('The scopes, separated by spaces. Present for access tokens only.'),
      client_id: claim('`latchkey` for a person’s token, the client id for a service’s token.'),
      sub: claim('The id of the account or of the service client.'),
      iss: claim('The issuer: the PUBLIC_URL of this service.'),
      aud: claim('The audience of an access token: this service, or one of TOKEN_RESOURCES.'),
      jti: claim('The id of the token.'),
      sid: claim('The id of the session. Present for a person’s token only.'),
      iat: seconds('When the token was issued'),
      exp: seconds('When the token expires'),
      auth_time: seconds('When the person signed in'),
      amr: Type.Optional(Type.Array(Type.String(), { description: 'How the person signed in (RFC 8176).' })),
    },
    {
      description: 'Whether the token is valid now, and its claims.',
      examples: [
        {
          active: true,
          token_type: 'Bearer',
          token_use: 'access_token',
          client_id: 'latchkey',
          sub: example.accountId,
          sid: example.sessionId,
          iss: 'https://accounts.acme.example',
          aud: 'https://accounts.acme.example',
          jti: '0198b7c9-4a10-7c02-b3d5-90f1e2a4c687',
          iat: 1_772_442_912,
          exp: 1_772_443_212,
          auth_time: 1_772_442_912,
          amr: ['pwd'],
        },
        { active: false },
      ],
    },
  ),
)

export const Revoked = Type.Null({ description: 'The same answer for every token.' })

named(
  'OAuthError',
  Type.Object(
    {
      error: Type.String({ description: 'The stable code of the error. Programs should decide by this field only.' }),
      error_description: text('What happened, for a developer. The words can change.'),
    },
    { description: 'An error in the form of RFC 6749 section 5.2.' },
  ),
)
