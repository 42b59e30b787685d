import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { SCOPES } from '../domain/scopes.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { named, text } from '../http/schemas.ts'
import { JWKS_CACHE_SECONDS } from '../keys/key-lifetimes.ts'

const METADATA_CACHE_SECONDS = 3600
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post']

const Jwk = named(
  'Jwk',
  Type.Object(
    {
      kty: text('The family of the key: `EC`, or `OKP` for EdDSA.'),
      crv: text('The curve: `P-256` or `Ed25519`.'),
      x: text('The x coordinate, or the whole public key for EdDSA.'),
      y: Type.Optional(text('The y coordinate. An EdDSA key has none.')),
      kid: text('The RFC 7638 thumbprint of the key, as in the header of a JWT.'),
      alg: text('The algorithm: `ES256` or `EdDSA`.'),
      use: Type.Literal('sig', { description: 'Always `sig`: the key verifies signatures.' }),
    },
    { description: 'A public key.' },
  ),
)
const Jwks = named(
  'Jwks',
  Type.Object(
    {
      keys: Type.Array(Jwk, { description: 'First the current key, then the next key and the retired keys.' }),
    },
    {
      description: 'The public keys (RFC 7517).',
      examples: [
        {
          keys: [
            {
              kty: 'EC',
              crv: 'P-256',
              x: '6orOarTggcxZN5uXlEGtoRsDvr2hnqvMyiiy5GW0MWU',
              y: '0KGyAwazkyRgihqa9tErFYFJJ59l_mQOc_Zvte3MT6g',
              kid: 'A56N1OP90W08xAb17nJewfV5TvzOuZh83EQW6ju8Fhg',
              alg: 'ES256',
              use: 'sig',
            },
          ],
        },
      ],
    },
  ),
)
const texts = (description: string) => Type.Array(Type.String(), { description })
const Metadata = named(
  'AuthorizationServerMetadata',
  Type.Object(
    {
      issuer: text('The issuer (`iss`) of every access token: PUBLIC_URL.'),
      token_endpoint: text('The URL of `POST /oauth/token`.'),
      jwks_uri: text('The URL of the public keys.'),
      introspection_endpoint: text('The URL of `POST /oauth/introspect`.'),
      revocation_endpoint: text('The URL of `POST /oauth/revoke`.'),
      scopes_supported: texts('Every scope that a service client can have.'),
      response_types_supported: texts('Empty, because there is no authorization endpoint.'),
      grant_types_supported: texts('Only `client_credentials`.'),
      token_endpoint_auth_methods_supported: texts('How a client can send its secret to the token endpoint.'),
      introspection_endpoint_auth_methods_supported: texts('How a client can send its secret for introspection.'),
      revocation_endpoint_auth_methods_supported: texts('How a client can send its secret for revocation.'),
    },
    {
      description: 'The OAuth endpoints and what they support (RFC 8414).',
      examples: [metadata('https://accounts.acme.example')],
    },
  ),
)

/** Public, cacheable documents: the keys that verify access tokens, and the OAuth endpoints. */
export const wellKnownRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        config: { caller: 'public', limit: 'none' },
        schema: {
          operationId: 'readJwks',
          tags: ['Services'],
          summary: 'Retrieve the public keys',
          description:
            'An access token can be verified with these keys alone. Choose the key by the `kid` of the token, and fetch the keys again when it is unknown.',
          response: { 200: Jwks },
        },
      },
      async (_request, reply) => {
        const keys = [...deps.keys.publicKeys()] // throws before the header is set, so that an outage is not cached
        reply.header('Cache-Control', `public, max-age=${JWKS_CACHE_SECONDS}`)
        return { keys }
      },
    )

    app.get(
      '/.well-known/oauth-authorization-server',
      {
        config: { caller: 'public', limit: 'none' },
        schema: {
          operationId: 'readMetadata',
          tags: ['Services'],
          summary: 'Retrieve the authorization server metadata',
          description: 'OAuth libraries discover the endpoints from it.',
          response: { 200: Metadata },
        },
      },
      async (_request, reply) => {
        reply.header('Cache-Control', `public, max-age=${METADATA_CACHE_SECONDS}`)
        return metadata(deps.config.publicUrl)
      },
    )
  }

function metadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    scopes_supported: Object.keys(SCOPES),
    response_types_supported: [], // required by the RFC; there is no authorization endpoint
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
  }
}
