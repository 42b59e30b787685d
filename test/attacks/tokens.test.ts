import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import { exportJWK, importPKCS8, type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { deriveRefreshToken, readRefreshToken } from '../../src/security/refresh-token.ts'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import { claimsOf } from '../support/jwks.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()
const NEW = 'Battery-Staple-8'
const ISSUER = 'https://accounts.acme.example'

const ada = await people.verified()
const key = deps.keys.signingKey()
const ownKey = await importPKCS8(key.privatePem, 'ES256')
const genuine = claimsOf(ada.token)
const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function encode(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

function me(token: string): Promise<Answer> {
  return api.get('/v1/me', { headers: { authorization: `Bearer ${token}` } })
}

/** A token that is signed with the service's own key and differs from a genuine one only in what is given. */
function signed(differing: { header?: object; claims?: JWTPayload } = {}): Promise<string> {
  const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...differing.header } as JWTHeaderParameters
  return new SignJWT({ ...genuine, ...differing.claims }).setProtectedHeader(header).sign(ownKey)
}

function without(claim: string): Promise<string> {
  const { [claim]: _, ...claims } = genuine
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }).sign(ownKey)
}

/** A token with `HS256` whose secret is public: the key confusion of RFC 8725 section 2.1. */
function keyedWith(secret: string | Buffer, algorithm = 'HS256'): string {
  const input = `${encode({ alg: algorithm, typ: 'at+jwt', kid: key.kid })}.${encode(genuine)}`
  return `${input}.${createHmac(algorithm.replace('HS', 'sha'), secret).update(input).digest('base64url')}`
}

/** A token with our claims, signed with a key of the attacker. Its header says where to find that key. */
function pointingTo(header: object): Promise<string> {
  return new SignJWT(genuine)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(strange.privateKey)
}

const now = Math.floor(clock.now().getTime() / 1000)
const [head = '', body = '', signature = ''] = ada.token.split('.')
const publicJwk = await exportJWK(strange.publicKey)
const elsewhere = 'https://evil.example/keys.json'

const FORGERIES: Record<string, string | Promise<string>> = {
  'alg none, unsigned': new UnsecuredJWT(genuine).encode(),
  'alg none, with our kid': `${encode({ alg: 'none', typ: 'at+jwt', kid: key.kid })}.${body}.`,
  'alg None, with a genuine signature': `${encode({ alg: 'None', typ: 'at+jwt', kid: key.kid })}.${body}.${signature}`,
  'alg nOnE, with an empty signature': `${encode({ alg: 'nOnE', typ: 'at+jwt', kid: key.kid })}.${body}.`,
  'no alg': `${encode({ typ: 'at+jwt', kid: key.kid })}.${body}.${signature}`,
  'HS256 with the public key in PEM': keyedWith(key.publicPem),
  'HS256 with the public key in PEM, trimmed': keyedWith(key.publicPem.trim()),
  'HS256 with the public key as a JWK': keyedWith(JSON.stringify(key.publicJwk)),
  'HS256 with the kid': keyedWith(key.kid),
  'HS256 with nothing': keyedWith(''),
  'HS384 with the public key': keyedWith(key.publicPem, 'HS384'),
  'HS512 with the public key': keyedWith(key.publicPem, 'HS512'),
  'another key under our kid': pointingTo({}),
  'a jwk header': pointingTo({ jwk: publicJwk }),
  'a jku header': pointingTo({ jku: elsewhere }),
  'an x5u header': pointingTo({ x5u: elsewhere }),
  'an x5c header': pointingTo({ x5c: ['MIIB'] }),
  'a jwk header and no kid': pointingTo({ kid: undefined, jwk: publicJwk }),
  'no kid': signed({ header: { kid: undefined } }),
  'an unknown kid': signed({ header: { kid: 'unknown' } }),
  'an empty kid': signed({ header: { kid: '' } }),
  'a kid that is a path': signed({ header: { kid: '../../../../dev/null' } }),
  'a kid that is SQL': signed({ header: { kid: `' OR '1'='1` } }),
  'a kid of 5 kB': signed({ header: { kid: 'k'.repeat(5000) } }),
  'a kid that is no text': signed({ header: { kid: 1 } }),
  'a kid that is a list': signed({ header: { kid: [key.kid] } }),
  'a kid of the prototype': signed({ header: { kid: '__proto__' } }),
  'typ JWT': signed({ header: { typ: 'JWT' } }),
  'no typ': signed({ header: { typ: undefined } }),
  'typ in the long form': signed({ header: { typ: 'application/at+jwt' } }),
  'typ in capitals': signed({ header: { typ: 'AT+JWT' } }),
  'an unknown critical header': rawSigned({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, crit: ['x'], x: 1 }),
  'an empty critical header': rawSigned({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, crit: [] }),
  'another issuer': signed({ claims: { iss: 'https://evil.example' } }),
  'an issuer with a slash at the end': signed({ claims: { iss: `${ISSUER}/` } }),
  'a list of issuers': signed({ claims: { iss: [ISSUER] as unknown as string } }),
  'no issuer': without('iss'),
  'another audience': signed({ claims: { aud: 'https://other.example' } }),
  'a list of audiences': signed({ claims: { aud: [ISSUER, 'https://other.example'] } }),
  'no audience': without('aud'),
  'expired a second ago': signed({ claims: { exp: now - 1, iat: now - 301 } }),
  'expired long ago': signed({ claims: { exp: now - 10_000, iat: now - 10_300 } }),
  'no expiry': without('exp'),
  'an expiry in words': signed({ claims: { exp: 'never' as unknown as number } }),
  'an infinite expiry': rawSigned(
    undefined,
    JSON.stringify(genuine)
      .replace(/"exp":\d+/, '"exp":1e999')
      .replace(/"iat":\d+/, '"iat":1e999'),
  ),
  'valid only tomorrow': signed({ claims: { nbf: now + 86_400 } }),
  'a start in words': signed({ claims: { nbf: 'now' as unknown as number } }),
  'issued tomorrow': signed({ claims: { iat: now + 86_400, exp: now + 86_700 } }),
  'no time of issue': without('iat'),
  'no session': without('sid'),
  'no subject': without('sub'),
  'no credential version': without('cv'),
  'a session that does not exist': signed({ claims: { sid: '01a20000-0000-7000-8000-000000000000' } }),
  'a later credential version': signed({ claims: { cv: 2 } }),
  'an earlier credential version': signed({ claims: { cv: 0 } }),
  'a credential version in words': signed({ claims: { cv: '1' } }),
  'claims that are a list': rawSigned(undefined, '[]'),
  'claims that are null': rawSigned(undefined, 'null'),
  'claims that are text': rawSigned(undefined, '"x"'),
  'claims that are no JSON': rawSigned(undefined, '{'),
  'a byte after the signature': `${ada.token}A`,
  'a padded signature': `${ada.token}==`,
  'another spelling of the last character': respelt(ada.token),
  'a fourth part': `${ada.token}.x`,
  'a dot at the end': `${ada.token}.`,
  'two parts': `${head}.${body}`,
  'a signature of zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
  'a signature in DER': `${head}.${body}.${derOf(signature)}`,
  'the signature of other claims': `${head}.${encode({ ...genuine, sub: '01a20000-0000-7000-8000-000000000000' })}.${signature}`,
  'a header in two spellings': `${encode(`{"alg":"ES256","typ":"at+jwt","kid":"${key.kid}" }`)}.${body}.${signature}`,
  'a refresh token': ada.tokens.refreshToken,
  '20 kB of nothing': 'A'.repeat(20_000),
}

/** As `signed`, but the header and the claims are taken as they are. */
async function rawSigned(header?: object, claims = JSON.stringify(genuine)): Promise<string> {
  const { createSign } = await import('node:crypto')
  const input = `${encode(header ?? { alg: 'ES256', typ: 'at+jwt', kid: key.kid })}.${encode(claims)}`
  const signer = createSign('sha256').update(input)
  return `${input}.${signer.sign({ key: key.privatePem, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** Another spelling of the same signature: the last of its 86 characters has four unused bits. */
function respelt(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ 1]
}

function derOf(concatenated: string): string {
  const bytes = Buffer.from(concatenated, 'base64url')
  const integer = (part: Buffer) => {
    const padded = (part[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), part]) : part
    return Buffer.concat([Buffer.from([2, padded.length]), padded])
  }
  const content = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, content.length]), content]).toString('base64url')
}

test('T1: what the forgeries are made from is good by itself', async () => {
  expect(await me(ada.token)).toHaveStatus(200)
  expect(await me(await signed())).toHaveStatus(200)
  expect(await me(await rawSigned())).toHaveStatus(200)
})

test.each(Object.keys(FORGERIES))('T1: an access token with %s is refused', async (name) => {
  const token = await FORGERIES[name]

  const answer = await me(token ?? '')

  expect(answer).toRefuse('unauthenticated')
  expect(answer.headers['www-authenticate']).toBe('Bearer')
})

test('T1: no header of a token makes the service ask anybody for a key', async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  for (const header of [{ jku: url }, { x5u: url }, { kid: url }]) {
    expect(await me(await pointingTo(header))).toRefuse('unauthenticated')
  }
  await new Promise(setImmediate)
  await new Promise((resolve) => server.close(resolve))

  expect(asked).toBe(0)
})

test.each([
  ['nothing', ''],
  ['a scheme alone', 'Bearer'],
  ['a scheme and a space', 'Bearer '],
  ['another scheme', `Basic ${ada.token}`],
  ['two tokens', `Bearer ${ada.token} ${ada.token}`],
  ['two schemes', `Bearer ${ada.token}, Bearer ${ada.token}`],
  ['a token alone', ada.token],
  ['a quoted token', `Bearer "${ada.token}"`],
  ['Latin-1', 'Bearer \u00e9\u00e8'],
  ['a tab', `Bearer\t${ada.token}`],
])('T1: an Authorization header of %s is refused', async (_, authorization) => {
  expect(await api.get('/v1/me', { headers: { authorization } })).toRefuse('unauthenticated')
})

test('T1: a token in the URL or in the body opens nothing', async () => {
  expect(await api.get(`/v1/me?access_token=${ada.token}`)).toRefuse('unauthenticated')
  const inBody = { access_token: ada.token, newEmail: 'a@example.com', currentPassword: ada.password }
  expect(await api.post('/v1/email/change', inBody)).toRefuse('unauthenticated')
})

test('T2: a refresh token spent longer ago than the window ends the session, and an event says so', async () => {
  const eve = await people.verified()
  const stolen = eve.tokens.refreshToken
  await eve.refresh()
  clock.advance(31)

  const answer = await api.post('/v1/token/refresh', { refreshToken: stolen })

  expect(answer).toRefuse('refresh_token_reused')
  expect(await eve.refresh()).toRefuse('refresh_token_invalid')
  expect(await eve.get('/v1/me')).toRefuse('unauthenticated')
  const events = await deps.db.event.findMany({ where: { sessionId: eve.tokens.sessionId }, orderBy: { id: 'asc' } })
  expect(events.at(-1)).toMatchObject({ type: 'session.refresh_token_reused', outcome: 'failure', ip: '198.51.100.7' })
})

test('T2: a refresh token spent twice over ends the session within the reuse window as well', async () => {
  const eve = await people.verified()
  const stolen = eve.tokens.refreshToken
  await eve.refresh()
  await eve.refresh()

  expect(await api.post('/v1/token/refresh', { refreshToken: stolen })).toRefuse('refresh_token_reused')
  expect(await eve.refresh()).toRefuse('refresh_token_invalid')
})

test('T2: within the window the direct predecessor gets the same successor, and does not lengthen the window', async () => {
  const eve = await people.verified()
  const { refreshToken } = eve.tokens
  const first = await api.post('/v1/token/refresh', { refreshToken })
  clock.advance(20)
  const second = await api.post('/v1/token/refresh', { refreshToken })
  clock.advance(11)
  const third = await api.post('/v1/token/refresh', { refreshToken })

  expect(second.body.refreshToken).toBe(first.body.refreshToken)
  expect(third).toRefuse('refresh_token_reused')
})

test('T2: the events of another’s reuse cannot be set off without the key', async () => {
  const eve = await people.verified()
  const [current] = deps.keys.refreshTokenKeys()
  const claim = readRefreshToken(eve.tokens.refreshToken, [current])
  if (!claim) throw new Error('not a refresh token')
  const forged = deriveRefreshToken({ ...claim, counter: 0 }, Buffer.alloc(32)).reveal()
  const bytes = Buffer.from(eve.tokens.refreshToken.slice(4), 'base64url')
  const counted = Buffer.from(bytes)
  counted.writeUInt32BE(claim.counter + 1, 16)

  const bent = [
    forged,
    `lkr_${counted.toString('base64url')}`,
    eve.tokens.refreshToken.slice(0, -1),
    eve.tokens.refreshToken.slice(4),
  ]
  bent.push(
    `${eve.tokens.refreshToken}A`,
    eve.tokens.refreshToken.toUpperCase(),
    '',
    'lkr_',
    ` ${eve.tokens.refreshToken}`,
  )
  for (const refreshToken of bent) {
    expect(await api.post('/v1/token/refresh', { refreshToken })).toRefuse('refresh_token_invalid')
  }
  expect(await eve.refresh()).toHaveStatus(200)
})

test('T2: a refresh token numbered before the first of its session is refused and ends nothing', async () => {
  const eve = await people.verified()
  const [current] = deps.keys.refreshTokenKeys()
  const refreshToken = deriveRefreshToken({ sessionId: eve.tokens.sessionId, counter: 0 }, current).reveal()

  expect(await api.post('/v1/token/refresh', { refreshToken })).toRefuse('refresh_token_invalid')
  expect(await eve.refresh()).toHaveStatus(200)
})

test.each([2, 1000, 2 ** 31 - 1])(
  'T2: refresh token number %d of a session that has issued one can only come from a stolen key, and ends the session',
  async (counter) => {
    const eve = await people.verified()
    const [current] = deps.keys.refreshTokenKeys()
    const refreshToken = deriveRefreshToken({ sessionId: eve.tokens.sessionId, counter }, current).reveal()

    expect(await api.post('/v1/token/refresh', { refreshToken })).toRefuse('refresh_token_invalid')
    expect(await eve.refresh()).toRefuse('refresh_token_invalid')
  },
)

test('T3: of twenty refreshes of one token at once all get the same successor, and the session lives', async () => {
  const eve = await people.verified()
  const { refreshToken } = eve.tokens

  const answers = await Promise.all(Array.from({ length: 20 }, () => api.post('/v1/token/refresh', { refreshToken })))

  for (const answer of answers) expect(answer).toHaveStatus(200)
  expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1)
  eve.tokens = answers[0]?.body
  expect(await eve.refresh()).toHaveStatus(200)
  expect(await eve.get('/v1/me')).toHaveStatus(200)
})

test('T3: a refresh never lengthens a session, nor says the password was proven again', async () => {
  const eve = await people.verified()
  const before = { expires: clock.now().getTime() / 1000 + 2_592_000, authenticated: claimsOf(eve.token)['auth_time'] }
  for (let day = 0; day < 29; day += 1) {
    clock.advance(86_400)
    expect(await eve.refresh()).toHaveStatus(200)
  }

  expect(claimsOf(eve.token)['auth_time']).toBe(before.authenticated)
  clock.advance(before.expires - clock.now().getTime() / 1000 + 1)
  expect(await eve.refresh()).toRefuse('refresh_token_invalid')
})

test('T4: an access token is refused at once after a logout, a revocation, a password change, a reset, a disabling', async () => {
  const endings: Array<(person: Awaited<ReturnType<typeof people.verified>>) => Promise<unknown>> = [
    ({ tokens }) => api.post('/v1/logout', { refreshToken: tokens.refreshToken }),
    ({ token }) => api.post('/v1/logout', undefined, { token }),
    async (person) => (await person.logIn()).delete(`/v1/sessions/${person.tokens.sessionId}`),
    async (person) => (await person.logIn()).delete('/v1/sessions'),
    (person) => person.post('/v1/password/change', { currentPassword: person.password, newPassword: NEW }),
    async ({ email }) => {
      await api.post('/v1/password/forgot', { email })
      await api.post('/v1/password/reset', { token: await mailbox.token(email, 'reset_password'), newPassword: NEW })
    },
    async (person) => {
      const newEmail = people.newEmail()
      await (await person.logIn()).changeEmail(newEmail)
      await api.post('/v1/email/change/confirm', { token: await mailbox.token(newEmail, 'confirm_email') })
    },
    ({ email }) => deps.db.account.updateMany({ where: { email }, data: { disabledAt: clock.now() } }),
  ]
  for (const [index, end] of endings.entries()) {
    const eve = await people.verified()
    const { accessToken } = eve.tokens
    expect(await me(accessToken)).toHaveStatus(200)

    await end(eve)

    expect({ index, status: (await me(accessToken)).status }).toEqual({ index, status: 401 })
    expect(await api.get('/v1/sessions', { token: accessToken })).toRefuse('unauthenticated')
  }
})

test('T4: the refresh token of a disabled account is refused', async () => {
  const eve = await people.verified()
  await deps.db.account.updateMany({ where: { email: eve.email }, data: { disabledAt: clock.now() } })

  expect(await eve.refresh()).toRefuse('refresh_token_invalid')
})

test('another account’s session is as unknown as one that does not exist', async () => {
  const eve = await people.verified()
  const mallory = await people.verified()
  const ids = [
    eve.tokens.sessionId,
    '01a20000-0000-7000-8000-000000000000',
    'x',
    '%00',
    'a'.repeat(1000),
    `${eve.tokens.sessionId}%27`,
  ]

  const answers = []
  for (const id of ids) {
    const { status, body: problem } = await mallory.delete(`/v1/sessions/${id}`)
    answers.push({ status, ...problem, instance: '' })
  }

  for (const answer of answers) expect(answer).toEqual({ ...answers[0], code: 'not_found' })
  expect(await eve.get('/v1/me')).toHaveStatus(200)
})
