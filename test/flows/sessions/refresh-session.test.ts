import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { claimsOf } from '../../support/jwks.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const refresh = (refreshToken: string) => api.post('/v1/token/refresh', { refreshToken })

test('a refresh consumes the refresh token and returns the next tokens of the same session', async () => {
  const ada = await people.verified()

  const answer = await refresh(ada.tokens.refreshToken)

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({
    accessToken: expect.any(String),
    tokenType: 'Bearer',
    expiresIn: 300,
    refreshToken: expect.any(String),
    refreshExpiresIn: expect.any(Number),
    sessionId: ada.tokens.sessionId,
  })
  expect(answer.body.refreshToken).not.toBe(ada.tokens.refreshToken)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await api.get('/v1/me', { token: answer.body.accessToken })).toHaveStatus(200)
})

test('a refresh changes neither the end of the session nor the time of the sign-in', async () => {
  const ada = await people.verified()
  const authTime = (token: string) => claimsOf(token).auth_time
  const before = authTime(ada.token)
  clock.advance(1000)

  const { body } = await refresh(ada.tokens.refreshToken)

  expect(body.refreshExpiresIn).toBeLessThanOrEqual(2_592_000 - 1000)
  expect(authTime(body.accessToken)).toBe(before)
})

describe('the token before the newest', () => {
  test('the direct predecessor gets the same successor again within 30 seconds, as after a lost answer', async () => {
    const ada = await people.verified()
    const first = ada.tokens.refreshToken
    const successor = (await refresh(first)).body.refreshToken
    clock.advance(20)

    const again = await refresh(first)

    expect(again).toHaveStatus(200)
    expect(again.body.refreshToken).toBe(successor)
    expect(await refresh(successor)).toHaveStatus(200)
  })

  test('two tabs that refresh at the same moment get the same successor', async () => {
    const ada = await people.verified()

    const [one, other] = await Promise.all([refresh(ada.tokens.refreshToken), refresh(ada.tokens.refreshToken)])

    expect(one).toHaveStatus(200)
    expect(other.body.refreshToken).toBe(one.body.refreshToken)
    expect(await refresh(one.body.refreshToken)).toHaveStatus(200)
  })

  test('the direct predecessor is reuse after 30 seconds', async () => {
    const ada = await people.verified()
    const first = ada.tokens.refreshToken
    await refresh(first)
    clock.advance(31)

    expect(await refresh(first)).toRefuse('refresh_token_reused')
  })

  test('the direct predecessor is reuse once its successor was presented, also within 30 seconds', async () => {
    const ada = await people.verified()
    const first = ada.tokens.refreshToken
    const second = (await refresh(first)).body.refreshToken
    await refresh(second)

    expect(await refresh(first)).toRefuse('refresh_token_reused')
  })
})

describe('reuse', () => {
  test('reuse revokes the whole session, including its newest tokens', async () => {
    const ada = await people.verified()
    const first = ada.tokens.refreshToken
    await ada.refresh()
    await ada.refresh()

    expect(await refresh(first)).toRefuse('refresh_token_reused')

    expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
    expect(await ada.refresh()).toRefuse('refresh_token_invalid')
    expect(await refresh(first)).toRefuse('refresh_token_invalid')
  })

  test('reuse leaves the account’s other sessions open', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()
    const first = ada.tokens.refreshToken
    await ada.refresh()
    clock.advance(31)

    await refresh(first)

    expect(await phone.get('/v1/me')).toHaveStatus(200)
  })

  test('reuse ends the email change that the session requested', async () => {
    const ada = await people.verified()
    const newEmail = people.newEmail()
    await ada.changeEmail(newEmail)
    const token = await mailbox.token(newEmail, 'confirm_email')
    const first = ada.tokens.refreshToken
    await ada.refresh()
    clock.advance(31)

    await refresh(first)

    expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('link_expired')
  })

  test('reuse is recorded in the audit trail with its origin', async () => {
    const ada = await people.verified()
    const { id: accountId } = (await ada.get('/v1/me')).body
    const first = ada.tokens.refreshToken
    await ada.refresh()
    clock.advance(31)

    const answer = await api.post('/v1/token/refresh', { refreshToken: first }, { ip: '203.0.113.9' })

    expect(await eventsOf(deps, 'session.refresh_token_reused', accountId)).toMatchObject([
      {
        outcome: 'failure',
        sessionId: ada.tokens.sessionId,
        ip: '203.0.113.9',
        requestId: answer.headers['x-request-id'],
      },
    ])
  })
})

test('a session lives for 30 days, however often it is refreshed', async () => {
  const ada = await people.verified()
  clock.advance(2_592_000 - 60)
  expect(await ada.refresh()).toHaveStatus(200)

  clock.advance(61)

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('the session of a disabled account is not refreshed', async () => {
  const ada = await people.verified()
  await deps.db.account.updateMany({ where: { email: ada.email }, data: { disabledAt: clock.now() } })

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test('a session that was signed out is not refreshed', async () => {
  const ada = await people.verified()
  await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
})

test.each(['', 'garbage', `lkr_${'A'.repeat(70)}`, 'A'.repeat(5000)])(
  'text that is not a refresh token of this service is refused (%#)',
  async (token) => {
    expect(await refresh(token)).toRefuse('refresh_token_invalid')
  },
)

test('an access token cannot be used as a refresh token', async () => {
  const ada = await people.verified()

  expect(await refresh(ada.token)).toRefuse('refresh_token_invalid')
})

test('a refresh ignores the Authorization header', async () => {
  const ada = await people.verified()

  const answer = await api.post(
    '/v1/token/refresh',
    { refreshToken: ada.tokens.refreshToken },
    { headers: { authorization: 'Bearer garbage' } },
  )

  expect(answer).toHaveStatus(200)
})

test('an access token expires no later than its session', async () => {
  const ada = await people.verified()
  clock.advance(2_592_000 - 100)

  const { body } = await refresh(ada.tokens.refreshToken)

  const { iat, exp } = claimsOf(body.accessToken)
  expect(exp - iat).toBeLessThanOrEqual(100)
  expect(body.expiresIn).toBe(exp - iat)
})
