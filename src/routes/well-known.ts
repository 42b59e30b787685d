import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { SCOPES } from '../domain/scopes.ts'
import { named } from '../http/schemas.ts'
import { JWKS_CACHE_SECONDS } from '../keys/key-lifetimes.ts'

const METADATA_CACHE_SECONDS = 3600
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post']

const Jwks = named(
  'Jwks',
  Type.Object(
    {
      keys: Type.Array(
        Type.Object({
          kty: Type.String(),
          crv: Type.String(),
          x: Type.String(),
          y: Type.Optional(Type.String()),
          kid: Type.String(),
          alg: Type.String(),
          use: Type.Literal('sig'),
        }),
      ),
    },
    { description: 'The public keys (RFC 7517): first the current key, then the next key and the retired keys.' },
  ),
)
const Metadata = named(
  'AuthorizationServerMetadata',
  Type.Object(
    {
      issuer: Type.String(),
      token_endpoint: Type.String(),
      jwks_uri: Type.String(),
      introspection_endpoint: Type.String(),
      revocation_endpoint: Type.String(),
      scopes_supported: Type.Array(Type.String()),
      response_types_supported: Type.Array(Type.String()),
      grant_types_supported: Type.Array(Type.String()),
      token_endpoint_auth_methods_supported: Type.Array(Type.String()),
      introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
      revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
    },
    { description: 'The OAuth endpoints and what they support (RFC 8414).' },
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
          description: 'An access token can be verified with these keys alone.',
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
