import { expect, test } from '@jest/globals'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { startListeningApp } from '../support/listening-app.ts'
import '../support/matchers.ts'
import { registerClient } from '../support/service-clients.ts'

/** Unmodified clients by other authors, over a real socket. They know the RFCs and nothing about this service. */
const { url, deps, people, api } = await startListeningApp()
const insecure = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' as const }
const http = { [oauth.allowInsecureRequests]: true }

test.each([
  ['the Basic header', openid.ClientSecretBasic],
  ['the body', openid.ClientSecretPost],
])('openid-client discovers, signs in by %s, introspects and revokes', async (_, method) => {
  const ada = await people.verified()
  const { id, secret } = await registerClient(deps, 'tokens:introspect', 'users:read')

  const client = await openid.discovery(new URL(url), id, undefined, method(secret), insecure)
  const grant = await openid.clientCredentialsGrant(client, { scope: 'tokens:introspect' })
  const own = await openid.tokenIntrospection(client, grant.access_token)
  const before = await openid.tokenIntrospection(client, ada.token, { token_type_hint: 'access_token' })
  await openid.tokenRevocation(client, ada.tokens.refreshToken, { token_type_hint: 'refresh_token' })
  const after = await openid.tokenIntrospection(client, ada.token)
  await openid.tokenRevocation(client, grant.access_token)

  expect(grant).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'tokens:introspect' })
  expect(grant.refresh_token).toBeUndefined()
  expect(own).toMatchObject({ active: true, client_id: id, sub: id })
  expect(before).toMatchObject({ active: true, sid: ada.tokens.sessionId, iss: url })
  expect(after).toEqual({ active: false })
  expect(await openid.tokenIntrospection(client, grant.access_token)).toEqual({ active: false })
  expect(await api.get('/v1/me', { token: ada.token })).toRefuse('unauthenticated')
})

test('oauth4webapi discovers, signs in, introspects and revokes, and understands our refusals', async () => {
  const ada = await people.verified()
  const { id, secret } = await registerClient(deps, 'tokens:introspect')
  const client: oauth.Client = { client_id: id }
  const auth = oauth.ClientSecretBasic(secret)
  const issuer = new URL(url)
  const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http })
  const server = await oauth.processDiscoveryResponse(issuer, discovered)
  const grant = (scope: string) =>
    oauth.clientCredentialsGrantRequest(server, client, auth, new URLSearchParams({ scope }), http)

  const granted = await oauth.processClientCredentialsResponse(server, client, await grant('tokens:introspect'))
  const refused = await oauth
    .processClientCredentialsResponse(server, client, await grant('users:delete'))
    .catch((error: unknown) => error)
  const asked = await oauth.introspectionRequest(server, client, auth, ada.token, http)
  const introspection = await oauth.processIntrospectionResponse(server, client, asked)
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, ada.token, http))

  expect(granted.scope).toBe('tokens:introspect')
  expect(refused).toMatchObject({ error: 'invalid_scope', status: 400 })
  expect(introspection.active).toBe(true)
  expect(await api.get('/v1/me', { token: ada.token })).toRefuse('unauthenticated')
})

test('oauth4webapi validates our access tokens as RFC 9068 tokens, with the published keys alone', async () => {
  const ada = await people.verified()
  const server = { issuer: url, jwks_uri: `${url}/.well-known/jwks.json` }
  const request = new Request('https://api.acme.example/orders', { headers: { authorization: `Bearer ${ada.token}` } })

  const claims = await oauth.validateJwtAccessToken(server, request, url, http)

  expect(claims).toMatchObject({ iss: url, aud: url, sid: ada.tokens.sessionId, client_id: 'latchkey' })
})

test('jose verifies our access tokens with createRemoteJWKSet', async () => {
  const ada = await people.verified()
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`))

  const { payload } = await jwtVerify(ada.token, keys, { issuer: url, audience: url, typ: 'at+jwt' })

  expect(payload['sid']).toBe(ada.tokens.sessionId)
})

test('the metadata names the URL of every endpoint, and may be cached', async () => {
  const answer = await api.get('/.well-known/oauth-authorization-server')

  expect(answer.headers['cache-control']).toBe('public, max-age=3600')
  expect(answer.body).toMatchObject({ issuer: url, grant_types_supported: ['client_credentials'] })
  const endpoints = Object.entries(answer.body).filter(([name]) => /_endpoint$|_uri$/.test(name))
  expect(endpoints).toHaveLength(4)
  for (const [, endpoint] of endpoints) {
    const { status } = await fetch(String(endpoint), { method: 'OPTIONS' })
    expect({ endpoint, isRoute: status !== 404 }).toEqual({ endpoint, isRoute: true })
  }
})
