import { createHmac, generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { importPKCS8, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose'
import { disableClient } from '../../src/domain/service-clients/disable-client.ts'
import type { Answer, CallOptions } from '../support/api.ts'
import '../support/matchers.ts'
import { claimsOf } from '../support/jwks.ts'
import { basicOf, OPERATOR, registerClient, serviceTokenOf } from '../support/service-clients.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, people, serviceToken } = await startTestApp()

const ISSUER = 'https://accounts.acme.example'
const INACTIVE = '{"active":false}'

const client = await registerClient(deps, 'tokens:introspect')
const asClient: CallOptions = { headers: basicOf(client) }
const introspect = (token: string, options = asClient) => api.form('/oauth/introspect', { token }, options)

const ada = await people.verified()
const service = await serviceToken('tokens:introspect')
const key = deps.keys.signingKey()
const ownKey = await importPKCS8(key.privatePem, 'ES256')
const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const now = Math.floor(clock.now().getTime() / 1000)

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A token that is signed with the service's own key and differs from the genuine one only in what is given. */
function signed(genuine: string, differing: { header?: object; claims?: object }): Promise<string> {
  const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...differing.header } as JWTHeaderParameters
  return new SignJWT({ ...claimsOf(genuine), ...differing.claims }).setProtectedHeader(header).sign(ownKey)
}

function keyedWith(secret: string, genuine: string): string {
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${encode(claimsOf(genuine))}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function byStranger(header: object, genuine: string): Promise<string> {
  return new SignJWT(claimsOf(genuine))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(strange.privateKey)
}

/** Forgeries that are made from a genuine token. */
const FORGERIES: Record<string, (genuine: string) => string | Promise<string>> = {
  'alg none': (genuine) => new UnsecuredJWT(claimsOf(genuine)).encode(),
  'alg none under our kid': (genuine) =>
    `${encode({ alg: 'none', typ: 'at+jwt', kid: key.kid })}.${genuine.split('.')[1]}.`,
  'HS256 with the public key in PEM': (genuine) => keyedWith(key.publicPem, genuine),
  'HS256 with the public key as a JWK': (genuine) => keyedWith(JSON.stringify(key.publicJwk), genuine),
  'an unknown kid': (genuine) => signed(genuine, { header: { kid: 'unknown' } }),
  'an unknown kid in the form of ours': (genuine) => signed(genuine, { header: { kid: 'A'.repeat(43) } }),
  'no kid': (genuine) => signed(genuine, { header: { kid: undefined } }),
  'another key under our kid': (genuine) => byStranger({}, genuine),
  'a jku header': (genuine) => byStranger({ jku: 'https://evil.example/keys.json' }, genuine),
  'an x5u header': (genuine) => byStranger({ x5u: 'https://evil.example/cert.pem' }, genuine),
  'a jwk header': (genuine) => byStranger({ jwk: strange.publicKey.export({ format: 'jwk' }) }, genuine),
  'typ JWT': (genuine) => signed(genuine, { header: { typ: 'JWT' } }),
  'no typ': (genuine) => signed(genuine, { header: { typ: undefined } }),
  'another issuer': (genuine) => signed(genuine, { claims: { iss: `${ISSUER}/` } }),
  'another audience': (genuine) => signed(genuine, { claims: { aud: 'https://other.example' } }),
  'several audiences': (genuine) => signed(genuine, { claims: { aud: [ISSUER, 'https://other.example'] } }),
  'an expiry in the past': (genuine) => signed(genuine, { claims: { exp: now - 1 } }),
  'no expiry': (genuine) => signed(genuine, { claims: { exp: undefined } }),
  'a start in the future': (genuine) => signed(genuine, { claims: { nbf: now + 3600 } }),
  'a time of issue in the future': (genuine) => signed(genuine, { claims: { iat: now + 3600, exp: now + 3900 } }),
  'trailing bytes': (genuine) => `${genuine}AA`,
  'a newline at the end': (genuine) => `${genuine}\n`,
  'an empty signature': (genuine) => genuine.replace(/[^.]+$/, ''),
  'a signature of zeros': (genuine) => genuine.replace(/[^.]+$/, Buffer.alloc(64).toString('base64url')),
  'the other kind’s claims under this signature': (genuine) => {
    const [header, , signature] = genuine.split('.')
    return `${header}.${(genuine === service ? ada.token : service).split('.')[1]}.${signature}`
  },
  'a subject that is not the client’s': (genuine) =>
    signed(genuine, { claims: { sub: '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55' } }),
  'the client_id of the other kind': (genuine) =>
    signed(genuine, { claims: { client_id: genuine === service ? 'latchkey' : client.id } }),
}

test('T1: what the forgeries are made from is good by itself', async () => {
  expect((await introspect(await signed(ada.token, {}))).body.active).toBe(true)
  expect((await introspect(await signed(service, {}))).body.active).toBe(true)
  expect(await introspect(ada.token, { token: await signed(service, {}) })).toHaveStatus(200)
})

test.each(Object.keys(FORGERIES))(
  'T1: a person’s token with %s is inactive, and nothing else is said',
  async (name) => {
    const forged = (await FORGERIES[name]?.(ada.token)) ?? ''

    const answer = await introspect(forged)

    expect(answer).toHaveStatus(200)
    expect(answer.text).toBe(INACTIVE)
  },
)

test.each(Object.keys(FORGERIES))('T1: a service’s token with %s is inactive, and opens neither door', async (name) => {
  const forged = (await FORGERIES[name]?.(service)) ?? ''
  const token = forged.replace('\n', '%0A') // a header cannot carry a newline

  const [asked, caller, desk] = await Promise.all([
    introspect(forged),
    introspect(ada.token, { token }),
    api.get('/v1/admin/users?email=ada@example.com', { token }),
  ])

  expect(asked?.text).toBe(INACTIVE)
  expect([caller?.status, caller?.body.error]).toEqual([401, 'invalid_token'])
  expect(desk).toRefuse('unauthenticated')
})

test('T1: a service’s token with more scopes than its client has gains none', async () => {
  const greedy = await signed(service, { claims: { scope: 'tokens:introspect users:delete * admin' } })

  const answer = await introspect(greedy)

  expect(answer.body.scope).toBe('tokens:introspect')
  expect(await api.delete('/v1/admin/users/0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55', { token: greedy })).toRefuse(
    'insufficient_scope',
  )
})

test.each([
  ['nothing that is a token', 'garbage'],
  ['8 kB of it', 'x'.repeat(8000)],
  ['a refresh token of another key', `lkr_${'A'.repeat(70)}`],
  ['SQL', `' OR '1'='1`],
  ['spaces', '   .  .  '],
  ['a name of the prototype', '__proto__'],
])('introspection of %s is inactive, not an error', async (_, token) => {
  expect((await introspect(token)).text).toBe(INACTIVE)
})

test('introspection without a token, with two, or with a list is 400', async () => {
  const raw = (body: string) =>
    api.call('POST', '/oauth/introspect', body, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basicOf(client) },
    })

  const answers = [await raw(''), await raw('token='), await raw(`token=${ada.token}&token=x`)]

  expect(answers.map(({ status, body }) => [status, body.error])).toEqual(Array(3).fill([400, 'invalid_request']))
  expect((await raw(`token[]=${ada.token}`)).status).toBe(400)
})

test('T6: a service’s token is refused on every route for people', async () => {
  const token = await serviceToken('users:read', 'users:write', 'tokens:introspect')

  const answers = await Promise.all([
    api.get('/v1/me', { token }),
    api.get('/v1/sessions', { token }),
    api.delete('/v1/sessions', { token }),
    api.delete(`/v1/sessions/${ada.tokens.sessionId}`, { token }),
    api.post('/v1/reauthenticate', { currentPassword: ada.password }, { token }),
    api.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Another-Horse-8' }, { token }),
    api.post('/v1/email/change', { newEmail: 'x@example.com', currentPassword: ada.password }, { token }),
    api.get('/v1/email/change', { token }),
    api.delete('/v1/email/change', { token }),
  ])

  for (const answer of answers) expect(answer).toRefuse('unauthenticated')
})

test('T6: a person’s token, access or refresh, is refused on every route for services', async () => {
  const attempts = (token: string): Promise<Answer>[] => [
    api.get('/v1/admin/users?email=ada@example.com', { token }),
    api.get('/v1/admin/receipts/0000-0000-0000', { token }),
    introspect(ada.token, { token }),
    api.form('/oauth/revoke', { token: ada.token }, { token }),
  ]

  for (const token of [ada.token, ada.tokens.refreshToken]) {
    for (const answer of await Promise.all(attempts(token))) expect(answer).toHaveStatus(401)
  }
})

test('T6: without a token 401, without the scope 403, and the answer names the scope', async () => {
  const token = await serviceToken('mail:read')

  const without = await api.get('/v1/admin/users?email=ada@example.com')
  const lacking = await api.get('/v1/admin/users?email=ada@example.com', { token })

  expect(without).toRefuse('unauthenticated')
  expect(lacking).toRefuse('insufficient_scope')
  expect(lacking.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="users:read"')
})

test('T6: a token narrowed to one scope has no other, though its client has', async () => {
  const both = await registerClient(deps, 'users:read', 'tokens:introspect')
  const grant = { grant_type: 'client_credentials', scope: 'users:read' }
  const { body } = await api.form('/oauth/token', grant, { headers: basicOf(both) })

  expect(await introspect(ada.token, { token: body.access_token })).toHaveStatus(403)
})

test('T6: a disabled client’s token is refused at once, also where it has the scope', async () => {
  const other = await registerClient(deps, 'users:read')
  const token = await serviceTokenOf(api, other)
  const before = await api.get('/v1/admin/users?email=ada@example.com', { token })

  await disableClient(deps, { clientId: other.id, by: OPERATOR })

  expect(before).toHaveStatus(200)
  expect(await api.get('/v1/admin/users?email=ada@example.com', { token })).toRefuse('unauthenticated')
})

test('T7: introspection is for clients with its scope: 401 for nobody, 403 for the rest, never an answer', async () => {
  const lacking = await registerClient(deps, 'users:read')
  const ask = (options: CallOptions) => introspect(ada.token, options)

  const answers = [
    await ask({}),
    await ask({ headers: basicOf({ ...client, secret: 'wrong' }) }),
    await ask({ token: ada.token }),
    await ask({ token: 'garbage' }),
    await ask({ headers: { authorization: 'Bearer' } }),
    await ask({ headers: basicOf(lacking) }),
    await ask({ token: await serviceTokenOf(api, lacking) }),
    await api.get(`/oauth/introspect?token=${ada.token}`, asClient),
  ]

  expect(answers.map(({ status, body }) => [status, body.error ?? body.code])).toEqual([
    [401, 'invalid_client'],
    [401, 'invalid_client'],
    [401, 'invalid_token'],
    [401, 'invalid_token'],
    [401, 'invalid_token'],
    [403, 'insufficient_scope'],
    [403, 'insufficient_scope'],
    [405, 'method_not_allowed'],
  ])
  for (const { text } of answers) expect(text).not.toContain('active')
  expect(answers[5]?.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="tokens:introspect"')
})

test('T7: a secret that is right in all but its last character is as wrong as any', async () => {
  const last = client.secret.at(-1) === 'A' ? 'B' : 'A'
  const nearly = { ...client, secret: client.secret.slice(0, -1) + last }

  const answers = await Promise.all(
    [nearly, { ...client, secret: '' }, { ...client, secret: `${client.secret} ` }, { ...client, id: 'svc_x' }].map(
      (wrong) => introspect(ada.token, { headers: basicOf(wrong) }),
    ),
  )

  for (const answer of answers) expect([answer.status, answer.text]).toEqual([401, answers[0]?.text])
})
