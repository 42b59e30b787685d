import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { claimsOf } from '../../support/jwks.ts'
import { basicOf, registerClient, serviceTokenOf } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

const ORDERS = 'https://orders.acme.example'
const BILLING = 'urn:acme:billing'
const { api, deps, people } = await startTestApp({ env: { TOKEN_RESOURCES: `${ORDERS},${BILLING}` } })
const client = await registerClient(deps, 'users:read', 'tokens:introspect')

const grant = (resource: string) =>
  api.form('/oauth/token', { grant_type: 'client_credentials', resource }, { headers: basicOf(client) })
const introspect = (token: string) => api.form('/oauth/introspect', { token }, { headers: basicOf(client) })

function audienceOf(accessToken: string): unknown {
  return claimsOf(accessToken).aud
}

test('a refresh for a resource answers with an access token for that resource only', async () => {
  const ada = await people.verified()

  const { accessToken, refreshToken } = (
    await api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken, resource: ORDERS })
  ).body

  expect(audienceOf(accessToken)).toBe(ORDERS)
  expect(await api.get('/v1/me', { token: accessToken })).toRefuse('unauthenticated')
  expect(await api.call('DELETE', '/v1/sessions', undefined, { token: accessToken })).toRefuse('unauthenticated')
  expect(await api.post('/v1/logout', undefined, { token: accessToken })).toRefuse('unauthenticated')
  const next = (await api.post('/v1/token/refresh', { refreshToken })).body
  expect(audienceOf(next.accessToken)).toBe(deps.config.publicUrl)
  expect(await api.get('/v1/me', { token: next.accessToken })).toHaveStatus(200)
})

test('a service’s token for a resource is for that resource only', async () => {
  const answer = await grant(BILLING)

  expect(answer).toHaveStatus(200)
  const token: string = answer.body.access_token
  expect(audienceOf(token)).toBe(BILLING)
  expect(await api.get('/v1/admin/users', { token })).toRefuse('unauthenticated')
  expect(await api.form('/oauth/introspect', { token: 'some-token' }, { token })).toHaveStatus(401)
  expect(await api.get('/v1/admin/users', { token: await serviceTokenOf(api, client) })).toHaveStatus(200)
})

test('introspection and revocation accept the tokens of every resource', async () => {
  const ada = await people.verified()
  const refreshed = await api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken, resource: ORDERS })
  const { accessToken } = refreshed.body

  expect((await introspect(accessToken)).body).toMatchObject({ active: true, aud: ORDERS, iss: deps.config.publicUrl })
  await api.form('/oauth/revoke', { token: accessToken }, { headers: basicOf(client) })

  expect((await introspect(accessToken)).body).toEqual({ active: false })
  expect(await api.post('/v1/token/refresh', { refreshToken: refreshed.body.refreshToken })).toRefuse(
    'refresh_token_invalid',
  )
})

test('a resource that is not configured is refused, and the refresh token is not consumed', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  const session = await deps.db.session.findUniqueOrThrow({ where: { id: sessionId } })

  for (const resource of ['https://evil.example', `${ORDERS}/`, deps.config.publicUrl, '']) {
    expect(await api.post('/v1/token/refresh', { refreshToken, resource })).toRefuse('invalid_target')
  }
  const refused = await grant('https://evil.example')

  expect(refused).toHaveStatus(400)
  expect(refused.body.error).toBe('invalid_target')
  expect(await deps.db.session.findUniqueOrThrow({ where: { id: sessionId } })).toEqual(session)
})
