import { expect, test } from '@jest/globals'
import { disableClient } from '../../../src/domain/service-clients/disable-client.ts'
import { rotateClientSecret } from '../../../src/domain/service-clients/rotate-client-secret.ts'
import type { Answer, CallOptions } from '../../support/api.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { basicOf, OPERATOR, registerClient } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, clock, people } = await startTestApp()

const GRANT = { grant_type: 'client_credentials' }
const ask = (fields: Record<string, string>, options: CallOptions = {}) => api.form('/oauth/token', fields, options)
const raw = (body: string, headers: Record<string, string> = {}) =>
  api.call('POST', '/oauth/token', body, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })

function expectOAuthError(answer: Answer, status: number, error: string): void {
  expect(answer).toHaveStatus(status)
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(Object.keys(answer.body)).toEqual(['error', 'error_description'])
  expect(answer.body.error).toBe(error)
  expect(answer.headers['cache-control']).toBe('no-store')
}

test.each(['the Basic header', 'the body'])('a service signs in with its credentials in %s', async (where) => {
  const client = await registerClient(deps, 'users:read', 'mail:read')

  const answer =
    where === 'the body'
      ? await ask({ ...GRANT, client_id: client.id, client_secret: client.secret })
      : await ask(GRANT, { headers: basicOf(client) })

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'users:read mail:read',
  })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['pragma']).toBe('no-cache')
})

test('a service token is an RFC 9068 access token of the client itself, without a session', async () => {
  const client = await registerClient(deps, 'users:read')

  const answer = await ask(GRANT, { headers: basicOf(client) })

  const [header, payload] = answer.body.access_token
    .split('.')
    .slice(0, 2)
    .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
  expect(payload).toEqual({
    iss: 'https://accounts.acme.example',
    aud: 'https://accounts.acme.example',
    sub: client.id,
    client_id: client.id,
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: payload.iat + 300,
    scope: 'users:read',
  })
  expect(client.id).toMatch(/^svc_[0-9a-f]{32}$/)
})

test('scopes are narrowed to those asked for, and asking for one the client lacks is refused', async () => {
  const client = await registerClient(deps, 'users:read', 'mail:read')
  const headers = basicOf(client)

  const narrowed = await ask({ ...GRANT, scope: 'mail:read' }, { headers })
  const none = await ask({ ...GRANT, scope: '' }, { headers })

  expect(narrowed.body.scope).toBe('mail:read')
  expect(none.body.scope).toBe('users:read mail:read') // RFC 6749 section 3.2: without a value is left out
  for (const scope of [
    'users:delete',
    'users:read users:delete',
    'users:*',
    'nonsense',
    ' ',
    'toString',
    'x'.repeat(10_000),
  ]) {
    expectOAuthError(await ask({ ...GRANT, scope }, { headers }), 400, 'invalid_scope')
  }
})

test('blanks around and between scopes are no scopes', async () => {
  const client = await registerClient(deps, 'users:read', 'mail:read')

  const answer = await ask({ ...GRANT, scope: ' mail:read   users:read ' }, { headers: basicOf(client) })

  expect(answer.body.scope).toBe('mail:read users:read')
})

test('sign-ins of a service and failed attempts are in the audit trail, without the secret that was sent', async () => {
  const client = await registerClient(deps, 'users:read', 'mail:read')
  const before = (await eventsOf(deps, 'service_client.login')).length
  const from = { headers: basicOf(client), ip: '203.0.113.40' }

  await ask({ ...GRANT, scope: 'mail:read' }, from)
  await ask({ ...GRANT, scope: 'users:delete' }, from)
  await ask(GRANT, { ...from, headers: basicOf({ ...client, secret: 'lks_wrong' }) })
  await ask({ ...GRANT, client_id: client.secret, client_secret: client.id }, { ip: '203.0.113.40' })
  const wrong = basicOf({ ...client, secret: 'wrong' })
  await api.form('/oauth/introspect', { token: 'x' }, { ip: '203.0.113.41', headers: wrong })
  await api.form('/oauth/revoke', { token: 'x' }, { ip: '203.0.113.42', headers: wrong })

  const events = (await eventsOf(deps, 'service_client.login')).slice(0, -before || undefined).reverse()
  const failure = { outcome: 'failure', actorType: 'anonymous', ip: '203.0.113.40' } // one row a minute for each network
  expect(events).toMatchObject([
    {
      outcome: 'success',
      actorId: client.id,
      ip: '203.0.113.40',
      details: { clientId: client.id, scopes: 'mail:read' },
    },
    { ...failure, details: { clientId: client.id } },
    { ...failure, details: { clientId: null } },
    { ...failure, ip: '203.0.113.41', details: { clientId: client.id } },
    { ...failure, ip: '203.0.113.42', details: { clientId: client.id } },
  ])
  expect(JSON.stringify(events)).not.toContain(client.secret)
})

test('a wrong secret, an unknown client and a disabled one get the same answer', async () => {
  const client = await registerClient(deps, 'users:read')
  const disabled = await registerClient(deps, 'users:read')
  await disableClient(deps, { clientId: disabled.id, by: OPERATOR })

  const answers = await Promise.all(
    [
      { ...client, secret: disabled.secret },
      { ...client, id: `svc_${'0'.repeat(32)}` },
      { id: 'nobody', secret: '' },
      disabled,
    ].flatMap((wrong) => [
      ask(GRANT, { headers: basicOf(wrong) }),
      ask({ ...GRANT, client_id: wrong.id, client_secret: wrong.secret || 'x' }),
    ]),
  )

  for (const answer of answers) {
    expectOAuthError(answer, 401, 'invalid_client')
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/)
    expect(answer.text).toBe(answers[0]?.text)
  }
})

test.each([
  ['no credentials at all', {}],
  ['a Basic header that is empty', { authorization: 'Basic' }],
  ['one without a colon', { authorization: `Basic ${Buffer.from('svc_1').toString('base64')}` }],
  ['one that is not base64', { authorization: 'Basic %%%' }],
  ['one with NUL', { authorization: `Basic ${Buffer.from('a%00:b').toString('base64')}` }],
  ['one with raw bytes', { authorization: `Basic ${Buffer.from([0xff, 0x3a, 0x00]).toString('base64')}` }],
  ['a bearer token instead', { authorization: 'Bearer abc.def.ghi' }],
])('%s is 401 invalid_client', async (_, headers) => {
  expectOAuthError(await ask(GRANT, { headers: headers as Record<string, string> }), 401, 'invalid_client')
})

test('credentials by two methods at once are refused, though both are right', async () => {
  const client = await registerClient(deps, 'users:read')
  const other = await registerClient(deps, 'users:read')
  const headers = basicOf(client)

  const both = await ask({ ...GRANT, client_id: client.id, client_secret: client.secret }, { headers })
  const another = await ask({ ...GRANT, client_id: other.id }, { headers })
  const sameId = await ask({ ...GRANT, client_id: client.id }, { headers })

  expectOAuthError(both, 400, 'invalid_request')
  expectOAuthError(another, 400, 'invalid_request')
  expect(sameId).toHaveStatus(200)
})

test.each([
  ['grant_type twice', 'grant_type=client_credentials&grant_type=client_credentials'],
  ['scope twice, once escaped', 'grant_type=client_credentials&scope=users:read&%73cope=mail:read'],
  ['no grant_type', 'scope=users:read'],
  ['an empty grant_type', 'grant_type='],
  ['nothing', ''],
  ['a broken escape', 'grant_type=client_credentials&scope=%zz'],
  ['bytes that are not UTF-8', 'grant_type=client_credentials&scope=%ff'],
  ['NUL', 'grant_type=client_credentials&scope=%00'],
  ['raw characters', 'grant_type=client_credentials&scope=é'],
])('a body with %s is 400 invalid_request', async (_, body) => {
  const client = await registerClient(deps, 'users:read', 'mail:read')

  expectOAuthError(await raw(body, basicOf(client)), 400, 'invalid_request')
})

test('parameters it does not know are ignored, as RFC 6749 section 3.2 asks', async () => {
  const client = await registerClient(deps, 'users:read')

  const answer = await raw('grant_type=client_credentials&audience=x&__proto__=y&constructor=z', basicOf(client))

  expect(answer).toHaveStatus(200)
})

test.each([
  'password',
  'refresh_token',
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'Client_Credentials',
])('the grant type %s is not supported', async (grantType) => {
  const client = await registerClient(deps, 'users:read')

  const answer = await ask({ grant_type: grantType }, { headers: basicOf(client) })

  expectOAuthError(answer, 400, 'unsupported_grant_type')
})

test('a body that is not a form is refused with 415, one over 16 KiB with 413, and both in OAuth’s words', async () => {
  const client = await registerClient(deps, 'users:read')

  const json = await api.post('/oauth/token', GRANT, { headers: basicOf(client) })
  const large = await ask({ ...GRANT, scope: 'x'.repeat(20_000) }, { headers: basicOf(client) })

  expectOAuthError(json, 415, 'invalid_request')
  expectOAuthError(large, 413, 'invalid_request')
})

test('during a rotation both secrets work, after the overlap only the new one', async () => {
  const client = await registerClient(deps, 'users:read')
  const rotated = await rotateClientSecret(deps, { clientId: client.id, overlapSeconds: 3600, by: OPERATOR })
  const renewed = { id: client.id, secret: rotated?.clientSecret.reveal() ?? '' }
  const signIn = (as: typeof client) => ask(GRANT, { headers: basicOf(as) })

  expect(await signIn(client)).toHaveStatus(200)
  expect(await signIn(renewed)).toHaveStatus(200)

  clock.advance(3600)

  expectOAuthError(await signIn(client), 401, 'invalid_client')
  expect(await signIn(renewed)).toHaveStatus(200)
})

test('a second rotation kills the first secret, and one without overlap the current one, at once', async () => {
  const client = await registerClient(deps, 'users:read')
  const second = await rotateClientSecret(deps, { clientId: client.id, overlapSeconds: 3600, by: OPERATOR })
  const third = await rotateClientSecret(deps, { clientId: client.id, overlapSeconds: 0, by: OPERATOR })

  const [first, between, last] = await Promise.all(
    [client.secret, second?.clientSecret.reveal(), third?.clientSecret.reveal()].map((secret = '') =>
      ask(GRANT, { headers: basicOf({ id: client.id, secret }) }),
    ),
  )

  expect([first?.status, between?.status, last?.status]).toEqual([401, 401, 200])
})

test('nothing of a secret is in the database, the log or the audit trail', async () => {
  const client = await registerClient(deps, 'users:read')
  await ask(GRANT, { headers: basicOf(client) })

  const row = await deps.db.serviceClient.findUniqueOrThrow({ where: { id: client.id } })
  const events = await deps.db.event.findMany({ where: { type: 'service_client.created' } })

  expect(JSON.stringify([row, events])).not.toContain(client.secret)
  expect(JSON.stringify(events)).toContain(client.id)
})

test('a person’s token and password are no client credentials', async () => {
  const ada = await people.verified()

  const answer = await ask({ ...GRANT, client_id: ada.email, client_secret: ada.password })

  expectOAuthError(answer, 401, 'invalid_client')
})
