import { expect, test } from '@jest/globals'
import type { CallOptions } from '../../support/api.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { claimsOf } from '../../support/jwks.ts'
import { basicOf, registerClient, serviceTokenOf } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, clock, people, serviceToken } = await startTestApp()
const client = await registerClient(deps, 'tokens:introspect')

const revoke = (token: string, options: CallOptions = { headers: basicOf(client) }) =>
  api.form('/oauth/revoke', { token }, options)
const isActive = async (token: string) =>
  (await api.form('/oauth/introspect', { token }, { headers: basicOf(client) })).body.active

test.each(['accessToken', 'refreshToken'] as const)('revoking the %s ends its session, and no other', async (kind) => {
  const ada = await people.verified()
  const phone = await ada.logIn()

  const answer = await revoke(ada.tokens[kind])

  expect(answer).toHaveStatus(200)
  expect(answer.text).toBe('')
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
  expect([await isActive(ada.token), await isActive(ada.tokens.refreshToken)]).toEqual([false, false])
  expect(await phone.get('/v1/me')).toHaveStatus(200)
})

test('a spent refresh token and an expired access token still end their session: their holder wants it over', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const spent = ada.tokens.refreshToken
  await ada.refresh()
  clock.advance(301)

  await revoke(spent)
  await revoke(phone.token)

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
  expect(await phone.refresh()).toRefuse('refresh_token_invalid')
})

test.each(['accessToken', 'refreshToken'] as const)('the %s of before a password change ends nothing', async (kind) => {
  const ada = await people.verified()
  const old = ada.tokens[kind]
  const body = { currentPassword: ada.password, newPassword: 'Battery-Staple-8' }
  Object.assign(ada, { tokens: (await ada.post('/v1/password/change', body)).body })

  expect(await revoke(old)).toHaveStatus(200)

  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('revoking twice, or what is not even remembered, is as good as once, and recorded once', async () => {
  const ada = await people.verified()
  const { id } = (await ada.get('/v1/me')).body
  const own = await serviceTokenOf(api, client)

  for (const token of [ada.token, ada.token, own, own]) expect(await revoke(token)).toHaveStatus(200)
  const ended = await eventsOf(deps, 'session.ended', id)
  const revoked = await eventsOf(deps, 'service_client.token_revoked')
  await deps.db.session.deleteMany({ where: { accountId: id } })

  expect(await revoke(ada.token)).toHaveStatus(200)
  expect(ended).toMatchObject([{ actorType: 'service_client', actorId: client.id, details: { reason: 'revoked' } }])
  const { jti } = claimsOf(own)
  expect(revoked.filter(({ details }) => (details as { tokenId?: string }).tokenId === jti)).toHaveLength(1)
})

test('a pending email change of the session dies with it', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  await ada.changeEmail(people.newEmail())

  await revoke(ada.token)

  expect(await phone.get('/v1/email/change')).toRefuse('not_found')
})

test('a service’s token stays valid when another client revokes it', async () => {
  const other = await registerClient(deps, 'users:read')
  const token = await serviceTokenOf(api, other)

  expect(await revoke(token)).toHaveStatus(200)
  expect(await isActive(token)).toBe(true)
  expect(await revoke(token, { headers: basicOf(other) })).toHaveStatus(200)

  expect(await isActive(token)).toBe(false)
})

test('a service can revoke one of its own tokens, and its other tokens stay valid', async () => {
  const [revoked, other] = [await serviceTokenOf(api, client), await serviceTokenOf(api, client)]

  expect(await revoke(revoked, { token: revoked })).toHaveStatus(200)

  expect([await isActive(revoked), await isActive(other)]).toEqual([false, true])
  const asking = await api.form('/oauth/introspect', { token: other }, { token: revoked })
  expect(asking).toHaveStatus(401)
  expect(await revoke(revoked)).toHaveStatus(200) // once more changes nothing
})

test('a token that is unknown, malformed or over already is answered with 200 as well', async () => {
  const ada = await people.verified()
  await ada.post('/v1/logout')

  for (const token of [
    'nonsense',
    `lkr_${'A'.repeat(70)}`,
    'a.b.c',
    'x'.repeat(9000),
    ada.token,
    ada.tokens.refreshToken,
  ]) {
    expect(await revoke(token)).toHaveStatus(200)
  }
})

test('only a client may revoke: nobody, a wrong secret and a person’s token get 401, and the session lives', async () => {
  const ada = await people.verified()

  const answers = [
    await revoke(ada.token, {}),
    await revoke(ada.token, { headers: basicOf({ ...client, secret: 'wrong' }) }),
    await revoke(ada.token, { token: ada.token }),
  ]

  expect(answers.map((answer) => [answer.status, answer.body.error])).toEqual([
    [401, 'invalid_client'],
    [401, 'invalid_client'],
    [401, 'invalid_token'],
  ])
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('no scope is needed: whoever holds a token could use it, so he may end it', async () => {
  const ada = await people.verified()

  expect(await revoke(ada.token, { token: await serviceToken('mail:read') })).toHaveStatus(200)

  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

test('no token at all is 400', async () => {
  const answer = await api.form('/oauth/revoke', {}, { headers: basicOf(client) })

  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
})

test('the audit trail says that a service ended the session, and which', async () => {
  const ada = await people.verified()

  await revoke(ada.token)

  const event = await deps.db.event.findFirst({ where: { sessionId: ada.tokens.sessionId, type: 'session.ended' } })
  expect(event).toMatchObject({ actorType: 'service_client', actorId: client.id, details: { reason: 'revoked' } })
})
