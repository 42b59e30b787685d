import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

test('a sign-out with a refresh token ends its session', async () => {
  const ada = await people.verified()

  const answer = await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

  expect(answer).toHaveStatus(204)
  expect(answer.text).toBe('')
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('a sign-out with an access token ends its session, with an empty body or none', async () => {
  for (const body of [undefined, {}]) {
    const ada = await people.verified()

    expect(await ada.post('/v1/logout', body)).toHaveStatus(204)
    expect(await ada.refresh()).toRefuse('refresh_token_invalid')
  }
})

test('an expired access token can still end its session', async () => {
  const ada = await people.verified()
  clock.advance(301)

  expect(await ada.post('/v1/logout')).toHaveStatus(204)
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('a consumed refresh token can still end its session', async () => {
  const ada = await people.verified()
  const first = ada.tokens.refreshToken
  await ada.refresh()
  clock.advance(60)

  expect(await api.post('/v1/logout', { refreshToken: first })).toHaveStatus(204)
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('a second sign-out, or one of a session that has already ended, is answered 204', async () => {
  const ada = await people.verified()
  const { refreshToken } = ada.tokens

  expect(await api.post('/v1/logout', { refreshToken })).toHaveStatus(204)
  expect(await api.post('/v1/logout', { refreshToken })).toHaveStatus(204)
  expect(await ada.post('/v1/logout')).toHaveStatus(204)
})

test('a refresh token that names no session ends nothing, and the answer says so', async () => {
  const ada = await people.verified()

  expect(await api.post('/v1/logout', { refreshToken: 'garbage' })).toRefuse('unauthenticated')

  expect(await ada.refresh()).toHaveStatus(200)
})

test('the access token signs out if the body has no valid refresh token', async () => {
  const ada = await people.verified()

  expect(await ada.post('/v1/logout', { refreshToken: 'garbage' })).toHaveStatus(204)

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

describe('what a password change has ended signs nobody out', () => {
  async function changed() {
    const ada = await people.verified()
    const old = ada.tokens
    const body = { currentPassword: ada.password, newPassword: 'Battery-Staple-8' }
    Object.assign(ada, { tokens: (await ada.post('/v1/password/change', body)).body })
    return { ada, old }
  }

  test('a refresh token that a password change has ended cannot sign out', async () => {
    const { ada, old } = await changed()

    expect(await api.post('/v1/logout', { refreshToken: old.refreshToken })).toRefuse('unauthenticated')

    expect(await ada.get('/v1/me')).toHaveStatus(200)
    expect(await ada.refresh()).toHaveStatus(200)
  })

  test('an access token that a password change has ended cannot sign out, and the answer is 401', async () => {
    const { ada, old } = await changed()

    expect(await api.post('/v1/logout', undefined, { token: old.accessToken })).toRefuse('unauthenticated')

    expect(await ada.get('/v1/me')).toHaveStatus(200)
    expect(await ada.post('/v1/logout')).toHaveStatus(204)
    expect(await api.post('/v1/logout', undefined, { token: old.accessToken })).toRefuse('unauthenticated')
  })
})

test('a sign-out of a session that has been purged is answered 204', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  await deps.db.session.delete({ where: { id: sessionId } })

  expect(await api.post('/v1/logout', { refreshToken })).toHaveStatus(204)
  expect(await ada.post('/v1/logout')).toHaveStatus(204)
})

test('a sign-out leaves the account’s other sessions open', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()

  await phone.post('/v1/logout')

  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('if body and header name different sessions, the refresh token of the body decides', async () => {
  const ada = await people.verified()
  const eve = await people.verified()

  await api.post('/v1/logout', { refreshToken: eve.tokens.refreshToken }, { token: ada.token })

  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await eve.get('/v1/me')).toRefuse('unauthenticated')
})

test('a sign-out without any token is refused', async () => {
  expect(await api.post('/v1/logout')).toRefuse('unauthenticated')
  expect(await api.post('/v1/logout', {})).toRefuse('unauthenticated')
})

test('two sign-outs at the same moment both succeed, with one audit event', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  const { id: accountId } = (await ada.get('/v1/me')).body

  const answers = await Promise.all([1, 2].map(() => api.post('/v1/logout', { refreshToken })))

  expect(answers.map((answer) => answer.status)).toEqual([204, 204])
  expect(await eventsOf(deps, 'session.ended', accountId)).toMatchObject([
    { outcome: 'success', sessionId, ip: '198.51.100.7', details: { reason: 'logout' } },
  ])
})

test('an email change can still be confirmed after its session has signed out, and the sign-out sends no mail', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const token = await mailbox.token(newEmail, 'confirm_email')

  const mails = await mailbox.during(() => ada.post('/v1/logout'))

  expect(mails).toEqual([])
  expect((await api.post('/v1/email/change/confirm', { token })).body).toEqual({ email: newEmail })
})
