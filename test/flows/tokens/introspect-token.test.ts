import { expect, test } from '@jest/globals'
import { READ_FOR_INTROSPECTION } from '../../../src/database/client-statements.ts'
import { disableClient } from '../../../src/domain/service-clients/disable-client.ts'
import type { CallOptions } from '../../support/api.ts'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { basicOf, OPERATOR, registerClient, serviceTokenOf } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, clock, people, mailbox, serviceToken } = await startTestApp()
const asker = await registerClient(deps, 'tokens:introspect')

const introspect = (token: string, options: CallOptions = { headers: basicOf(asker) }) =>
  api.form('/oauth/introspect', { token }, options)
const isActive = async (token: string) => (await introspect(token)).body.active

const INACTIVE = '{"active":false}'

test('introspecting a person’s access token answers the claims of the token, and that it is active', async () => {
  const ada = await people.verified()
  const account = (await ada.get('/v1/me')).body

  const answer = await introspect(ada.token)

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({
    active: true,
    token_type: 'Bearer',
    token_use: 'access_token',
    scope: 'account',
    client_id: 'latchkey',
    sub: account.id,
    sid: ada.tokens.sessionId,
    iss: 'https://accounts.acme.example',
    aud: 'https://accounts.acme.example',
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: answer.body.iat + 300,
    auth_time: expect.any(Number),
    amr: ['pwd'],
  })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('introspecting a refresh token answers its account and expiry, and nothing that would make it pass for an access token', async () => {
  const ada = await people.verified()

  const answer = await introspect(ada.tokens.refreshToken)

  expect(answer.body).toEqual({
    active: true,
    token_use: 'refresh_token',
    client_id: 'latchkey',
    iss: 'https://accounts.acme.example',
    sub: expect.any(String),
    sid: ada.tokens.sessionId,
    auth_time: expect.any(Number),
    exp: expect.any(Number),
  })
})

test('asking spends nothing: the refresh token works afterwards', async () => {
  const ada = await people.verified()

  await introspect(ada.tokens.refreshToken)

  expect(await ada.refresh()).toHaveStatus(200)
})

test('a spent refresh token is inactive once the window has passed; its successor is not', async () => {
  const ada = await people.verified()
  const spent = ada.tokens.refreshToken
  await ada.refresh()

  const within = await isActive(spent)
  clock.advance(31)
  const after = await isActive(spent)

  expect([within, after, await isActive(ada.tokens.refreshToken)]).toEqual([true, false, true])
  expect(await ada.refresh()).toHaveStatus(200) // asking about the spent one was no reuse
})

test('introspecting a service token answers its client and its scopes', async () => {
  const client = await registerClient(deps, 'users:read', 'mail:read')

  const answer = await introspect(await serviceTokenOf(api, client))

  expect(answer.body).toMatchObject({
    active: true,
    sub: client.id,
    client_id: client.id,
    scope: 'users:read mail:read',
  })
  expect(answer.body).not.toHaveProperty('sid')
})

test('a scope taken from the client is gone from the tokens it has, and with the last one they are inactive', async () => {
  const client = await registerClient(deps, 'users:read', 'mail:read')
  const token = await serviceTokenOf(api, client)
  const setScopes = (scopes: string[]) => deps.db.serviceClient.update({ where: { id: client.id }, data: { scopes } })

  await setScopes(['mail:read', 'users:delete'])
  const narrowed = await introspect(token)
  await setScopes(['users:delete'])
  const emptied = await introspect(token)

  expect(narrowed.body.scope).toBe('mail:read')
  expect(emptied.text).toBe(INACTIVE)
})

test.each<[string, (ada: Person) => Promise<unknown>]>([
  ['a logout', (ada) => api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })],
  ['a logout by the access token', (ada) => ada.post('/v1/logout')],
  ['the session’s revocation', (ada) => ada.delete(`/v1/sessions/${ada.tokens.sessionId}`)],
  [
    'a password reset',
    async (ada) => {
      await api.post('/v1/password/forgot', { email: ada.email })
      await api.post('/v1/password/reset', {
        token: await mailbox.token(ada.email, 'reset_password'),
        newPassword: 'Another-Horse-8',
      })
    },
  ],
  [
    'the account’s disabling',
    (ada) => deps.db.account.updateMany({ where: { email: ada.email }, data: { disabledAt: clock.now() } }),
  ],
  [
    'reuse of a refresh token',
    async (ada) => {
      const spent = ada.tokens.refreshToken
      await ada.refresh()
      clock.advance(31)
      await api.post('/v1/token/refresh', { refreshToken: spent })
    },
  ],
])('after %s both tokens are inactive at once', async (_, happens) => {
  const ada = await people.verified()
  const before = [await isActive(ada.token), await isActive(ada.tokens.refreshToken)]

  await happens(ada)

  expect(before).toEqual([true, true])
  for (const token of [ada.token, ada.tokens.refreshToken]) expect((await introspect(token)).text).toBe(INACTIVE)
})

test('after a password change the tokens from before are inactive, the new ones active, the other device’s inactive', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()

  const changed = await ada.post('/v1/password/change', {
    currentPassword: ada.password,
    newPassword: 'Another-Horse-8',
  })

  for (const token of [ada.token, ada.tokens.refreshToken, phone.token, phone.tokens.refreshToken]) {
    expect(await isActive(token)).toBe(false)
  }
  expect(await isActive(changed.body.accessToken)).toBe(true)
  expect(await isActive(changed.body.refreshToken)).toBe(true)
})

test('after an email change the access tokens from before are inactive; the session that asked goes on', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const newEmail = people.newEmail('ada.new')
  await ada.changeEmail(newEmail)

  await api.post('/v1/email/change/confirm', { token: await mailbox.token(newEmail, 'confirm_email') })

  expect(await isActive(ada.token)).toBe(false)
  expect(await isActive(phone.token)).toBe(false)
  expect(await isActive(phone.tokens.refreshToken)).toBe(false)
  expect(await isActive(ada.tokens.refreshToken)).toBe(true)
})

test('a disabled client’s token is inactive at once, and it may not ask any more', async () => {
  const client = await registerClient(deps, 'tokens:introspect')
  const token = await serviceTokenOf(api, client)

  await disableClient(deps, { clientId: client.id, by: OPERATOR })

  expect((await introspect(token)).text).toBe(INACTIVE)
  expect(await introspect(token, { token })).toHaveStatus(401)
  expect(await introspect(token, { headers: basicOf(client) })).toHaveStatus(401)
})

test('an access token is inactive from the second it expires', async () => {
  const ada = await people.verified()

  clock.advance(301)

  expect((await introspect(ada.token)).text).toBe(INACTIVE)
  expect(await isActive(ada.tokens.refreshToken)).toBe(true)
})

test('introspection accepts the client’s credentials in the header or in the body, or its access token', async () => {
  const ada = await people.verified()
  const { id, secret } = asker
  const inBody = { token: ada.token, client_id: id, client_secret: secret, token_type_hint: 'access_token' }

  const answers = [
    await introspect(ada.token),
    await api.form('/oauth/introspect', inBody),
    await introspect(ada.token, { token: await serviceToken('tokens:introspect') }),
  ]

  expect(answers.map((answer) => answer.body.active)).toEqual([true, true, true])
})

test('caller and token are read in one statement, by keys alone', async () => {
  const client = await deps.pool.connect()
  try {
    // Small tables are scanned because that is quicker; where that is forbidden only a missing index still makes it happen.
    await client.query('SET enable_seqscan = off')
    const { rows } = await client.query(
      `EXPLAIN ${READ_FOR_INTROSPECTION}`
        .replace(/\$1|\$5/g, `'svc'`)
        .replace(/\$[236]/g, `'0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'`)
        .replace(/\$4/g, 'now()'),
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')

    expect(plan).toContain('sessions_pkey')
    expect(plan).not.toContain('Seq Scan')
  } finally {
    client.release(true)
  }
})

test('introspection calls a refresh token active for as long as a refresh accepts it: the newest, and the one before for 30 s', async () => {
  const ada = await people.verified()
  const tokens = [ada.tokens.refreshToken]
  for (let turn = 0; turn < 2; turn += 1) {
    await ada.refresh()
    tokens.push(ada.tokens.refreshToken)
  }

  const atOnce = await Promise.all(tokens.map(isActive))
  clock.advance(20)
  const withinTheWindow = await Promise.all(tokens.map(isActive))
  clock.advance(11)
  const behindIt = await Promise.all(tokens.map(isActive))

  expect(atOnce).toEqual([false, true, true])
  expect(withinTheWindow).toEqual([false, true, true])
  expect(behindIt).toEqual([false, false, true])
})
