import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

/** A password that was revoked because a thief may know it cannot be set again, by any flow. */
const { api, mailbox, people } = await startTestApp()
const NEW = 'Battery-Staple-8'

function reset(token: string, newPassword: string): Promise<Answer> {
  return api.post('/v1/password/reset', { token, newPassword })
}

/** A thief who knows the password moves the account. The owner reverts after what the thief did `meanwhile`. */
async function recovered(meanwhile: (thief: Person) => Promise<void> = async () => undefined) {
  const ada = await people.verified()
  const { email: home, password: stolen } = ada
  const thief = await ada.logIn()
  await people.move(thief, people.newEmail('lair'))
  await meanwhile(thief)
  await api.post('/v1/email/change/revert', { token: await mailbox.token(home, 'email_changed') })
  return { home, stolen, token: await mailbox.token(home, 'reset_after_revert') }
}

async function changePassword(person: Person, newPassword: string): Promise<Answer> {
  const answer = await person.post('/v1/password/change', { currentPassword: person.password, newPassword })
  if (answer.status === 200) Object.assign(person, { tokens: answer.body, password: newPassword })
  return answer
}

function rulesIn(answer: Answer): string[] {
  return answer.body.violations.map(({ rule }: { rule: string }) => rule)
}

test('the reset after a revert refuses the password that was in force', async () => {
  const { home, stolen, token } = await recovered()

  const answer = await reset(token, stolen)

  expect(answer).toRefuse('password_policy')
  expect(answer.body.violations).toEqual([
    {
      field: 'newPassword',
      rule: 'not_current',
      message: 'Different from your earlier password, which someone else may know.',
    },
  ])
  expect(await api.post('/v1/login', { email: home, password: stolen })).toRefuse('invalid_credentials')
  expect(await reset(token, NEW)).toHaveStatus(204)
})

test('a revoked password cannot be set by a later change or reset either', async () => {
  const { home, stolen, token } = await recovered()
  await reset(token, NEW)
  const owner = await people.signedIn(home, NEW)

  expect(rulesIn(await changePassword(owner, stolen))).toEqual(['not_current'])
  const { reauthToken } = (await owner.post('/v1/reauthenticate', { currentPassword: NEW })).body
  const byToken = await owner.post('/v1/password/change', { reauthToken, newPassword: stolen })
  expect(rulesIn(byToken)).toEqual(['not_current'])
  await api.post('/v1/password/forgot', { email: home })
  expect(rulesIn(await reset(await mailbox.token(home, 'reset_password'), stolen))).toEqual(['not_current'])

  expect(await changePassword(owner, 'Another-Staple-9')).toHaveStatus(200)
})

test('a thief who changes the stolen password does not make it acceptable again', async () => {
  const { stolen, token } = await recovered(async (thief) => {
    expect(await changePassword(thief, 'Of-A-Thief-9')).toHaveStatus(200)
  })

  expect(rulesIn(await reset(token, stolen))).toEqual(['not_current'])
  expect(rulesIn(await reset(token, 'Of-A-Thief-9'))).toEqual(['not_current'])
  expect(await reset(token, NEW)).toHaveStatus(204)
})

test('a password that was only changed can be set again later', async () => {
  const ada = await people.verified()
  const first = ada.password
  await changePassword(ada, NEW)

  expect(await changePassword(ada, first)).toHaveStatus(200)
})
