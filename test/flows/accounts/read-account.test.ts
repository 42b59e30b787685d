import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, people } = await startTestApp()

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

test('the holder of an account sees exactly the fields that the contract names', async () => {
  const ada = await people.verified()

  const answer = await ada.get('/v1/me')

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({
    id: expect.stringMatching(UUID_V7),
    email: ada.email,
    emailVerified: true,
    pendingEmail: null,
    createdAt: expect.stringMatching(RFC_3339_UTC),
    passwordChangedAt: expect.stringMatching(RFC_3339_UTC),
    locale: null,
  })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('an account shows the address of a pending email change until the change is cancelled or expires', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  const pendingEmail = async () => (await ada.get('/v1/me')).body.pendingEmail

  await ada.changeEmail(newEmail)
  expect(await pendingEmail()).toBe(newEmail)
  await ada.delete('/v1/email/change')
  expect(await pendingEmail()).toBeNull()

  await ada.changeEmail(newEmail)
  clock.advance(86_401)
  await ada.refresh()
  expect(await pendingEmail()).toBeNull()
})

test('an account shows when its password was last changed', async () => {
  const ada = await people.verified()
  clock.advance(60)
  const { body } = await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Other-Pass-8' })

  const me = await api.get('/v1/me', { token: body.accessToken })

  const { createdAt, passwordChangedAt } = me.body
  expect(new Date(passwordChangedAt).getTime() - new Date(createdAt).getTime()).toBeGreaterThanOrEqual(60_000)
})

test.each([
  ['nothing', undefined],
  ['garbage', 'Bearer garbage'],
  ['no token', 'Bearer'],
  ['another scheme', 'Basic YWRhOnB3'],
])(
  'a request with %s in the Authorization header is answered with 401 unauthenticated',
  async (_what, authorization) => {
    const answer = await api.get('/v1/me', { headers: authorization === undefined ? {} : { authorization } })

    expect(answer).toRefuse('unauthenticated')
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
  },
)

test('an access token expires after five minutes', async () => {
  const ada = await people.verified()

  clock.advance(298)
  expect(await ada.get('/v1/me')).toHaveStatus(200)
  clock.advance(3)
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

test('an access token stops working when its session ends', async () => {
  const ada = await people.verified()
  await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

test('the access token of a disabled account is refused', async () => {
  const ada = await people.verified()
  const { id } = (await ada.get('/v1/me')).body
  await deps.db.account.update({ where: { id }, data: { disabledAt: clock.now() } })

  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

test('a refresh token is refused as an access token', async () => {
  const ada = await people.verified()

  expect(await api.get('/v1/me', { token: ada.tokens.refreshToken })).toRefuse('unauthenticated')
})
