import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

/** A password change with a reauthentication token in place of the current password. */
const { api, clock, people } = await startTestApp()
const NEW = 'Battery-Staple-8'

async function reauthenticate(person: Person): Promise<string> {
  return (await person.post('/v1/reauthenticate', { currentPassword: person.password })).body.reauthToken
}

function change(person: Person, body: object) {
  return person.post('/v1/password/change', { newPassword: NEW, ...body })
}

test('a reauthentication token takes the place of the current password', async () => {
  const ada = await people.verified()

  const answer = await change(ada, { reauthToken: await reauthenticate(ada) })

  expect(answer).toHaveStatus(200)
  expect(await api.get('/v1/me', { token: answer.body.accessToken })).toHaveStatus(200)
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await api.post('/v1/login', { email: ada.email, password: NEW })).toHaveStatus(200)
})

test('a change with neither a password nor a token asks for reauthentication', async () => {
  const ada = await people.verified()

  expect(await change(ada, {})).toRefuse('reauthentication_required')
})

test('a change with both a password and a token is refused, and uses up neither', async () => {
  const ada = await people.verified()
  const reauthToken = await reauthenticate(ada)

  const answer = await change(ada, { reauthToken, currentPassword: ada.password })

  expect(answer).toRefuse('invalid_request')
  expect(await change(ada, { reauthToken })).toHaveStatus(200)
})

test('a refused password does not consume the token', async () => {
  const ada = await people.verified()
  const reauthToken = await reauthenticate(ada)

  expect(await change(ada, { reauthToken, newPassword: 'weak' })).toRefuse('password_policy')
  expect(await change(ada, { reauthToken, newPassword: ada.password })).toRefuse('password_policy')

  expect(await change(ada, { reauthToken })).toHaveStatus(200)
})

test('a token works once, in its own session, and for five minutes', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const reauthToken = await reauthenticate(ada)
  expect(await change(phone, { reauthToken })).toRefuse('reauthentication_required')
  const changed = await change(ada, { reauthToken })
  Object.assign(ada, { tokens: changed.body, password: NEW })

  const again = await change(ada, { reauthToken, newPassword: 'Another-Staple-9' })
  expect(again).toRefuse('reauthentication_required')
  const late = await reauthenticate(ada)
  clock.advance(301)
  await ada.refresh()
  expect(await change(ada, { reauthToken: late, newPassword: 'Another-Staple-9' })).toRefuse(
    'reauthentication_required',
  )
})
