import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

test('a refresh token signs its session out', async () => {
  const ada = await people.verified()

  const answer = await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

  expect(answer).toHaveStatus(204)
  expect(answer.text).toBe('')
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('an access token signs its session out, with an empty body or none', async () => {
  for (const body of [undefined, {}]) {
    const ada = await people.verified()

    expect(await ada.post('/v1/logout', body)).toHaveStatus(204)
    expect(await ada.refresh()).toRefuse('refresh_token_invalid')
  }
})

test('an access token that is too old still signs its session out', async () => {
  const ada = await people.verified()
  clock.advance(301)

  expect(await ada.post('/v1/logout')).toHaveStatus(204)
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('a refresh token that was spent a while ago still signs its session out', async () => {
  const ada = await people.verified()
  const first = ada.tokens.refreshToken
  await ada.refresh()
  clock.advance(60)

  expect(await api.post('/v1/logout', { refreshToken: first })).toHaveStatus(204)
  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('signing out twice, or where it was already over, is as good as once', async () => {
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

  test('the refresh token from before the sign-out is refused', async () => {
    const { ada, old } = await changed()

    expect(await api.post('/v1/logout', { refreshToken: old.refreshToken })).toRefuse('unauthenticated')

    expect(await ada.get('/v1/me')).toHaveStatus(200)
    expect(await ada.refresh()).toHaveStatus(200)
  })

  test('the access token from before the sign-out is refused, and the answer says why', async () => {
    const { ada, old } = await changed()

    expect(await api.post('/v1/logout', undefined, { token: old.accessToken })).toRefuse('unauthenticated')

    expect(await ada.get('/v1/me')).toHaveStatus(200)
    expect(await ada.post('/v1/logout')).toHaveStatus(204)
    expect(await api.post('/v1/logout', undefined, { token: old.accessToken })).toRefuse('unauthenticated')
  })
})

test('a session that is not even remembered any more is as good as over', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  await deps.db.session.delete({ where: { id: sessionId } })

  expect(await api.post('/v1/logout', { refreshToken })).toHaveStatus(204)
  expect(await ada.post('/v1/logout')).toHaveStatus(204)
})

test('only this session is signed out', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()

  await phone.post('/v1/logout')

  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('the refresh token decides where the header names another session', async () => {
  const ada = await people.verified()
  const eve = await people.verified()

  await api.post('/v1/logout', { refreshToken: eve.tokens.refreshToken }, { token: ada.token })

  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await eve.get('/v1/me')).toRefuse('unauthenticated')
})

test('with neither token there is nobody to sign out', async () => {
  expect(await api.post('/v1/logout')).toRefuse('unauthenticated')
  expect(await api.post('/v1/logout', {})).toRefuse('unauthenticated')
})

test('two at once both succeed, and one row of the audit trail says so', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  const { id: accountId } = (await ada.get('/v1/me')).body

  const answers = await Promise.all([1, 2].map(() => api.post('/v1/logout', { refreshToken })))

  expect(answers.map((answer) => answer.status)).toEqual([204, 204])
  expect(await eventsOf(deps, 'session.ended', accountId)).toMatchObject([
    { outcome: 'success', sessionId, ip: '198.51.100.7', details: { reason: 'logout' } },
  ])
})

test('an address change that was asked for can still be confirmed, and nobody is mailed', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const token = await mailbox.token(newEmail, 'confirm_email')

  const mails = await mailbox.during(() => ada.post('/v1/logout'))

  expect(mails).toEqual([])
  expect((await api.post('/v1/email/change/confirm', { token })).body).toEqual({ email: newEmail })
})
