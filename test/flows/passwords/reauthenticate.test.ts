import { expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const reauthenticate = (person: Person, currentPassword = person.password) =>
  person.post('/v1/reauthenticate', { currentPassword })
const changeEmail = (person: Person, reauthToken: string, newEmail = people.newEmail()) =>
  person.post('/v1/email/change', { newEmail, reauthToken })

async function proven(person: Person): Promise<string> {
  return (await reauthenticate(person)).body.reauthToken
}

test('the correct password gets a token for one sensitive change', async () => {
  const ada = await people.verified()

  const answer = await reauthenticate(ada)

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({ reauthToken: expect.any(String), expiresIn: 300 })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await changeEmail(ada, answer.body.reauthToken)).toHaveStatus(202)
})

test('a reauthentication token works once', async () => {
  const ada = await people.verified()
  const token = await proven(ada)
  await changeEmail(ada, token)

  expect(await changeEmail(ada, token)).toRefuse('reauthentication_required')
})

test('of two concurrent changes with one token, one is made', async () => {
  const ada = await people.verified()
  const token = await proven(ada)

  const answers = await Promise.all([changeEmail(ada, token), changeEmail(ada, token)])

  expect(answers.map((answer) => answer.status).sort()).toEqual([202, 403])
})

test('a reauthentication token works for five minutes', async () => {
  const ada = await people.verified()
  const [first, second] = [await proven(ada), await proven(ada)]

  clock.advance(290)
  expect(await changeEmail(ada, first)).toHaveStatus(202)
  clock.advance(11)
  await ada.refresh()
  expect(await changeEmail(ada, second)).toRefuse('reauthentication_required')
})

test('a reauthentication token works after the access token has been renewed', async () => {
  const ada = await people.verified()
  clock.advance(200)
  const token = await proven(ada)
  clock.advance(200)
  await ada.refresh()

  expect(await changeEmail(ada, token)).toHaveStatus(202)
})

test('a reauthentication token works in its own session only', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const eve = await people.verified()
  const token = await proven(ada)

  expect(await changeEmail(phone, token)).toRefuse('reauthentication_required')
  expect(await changeEmail(eve, token)).toRefuse('reauthentication_required')
  expect(await changeEmail(ada, token)).toHaveStatus(202)
})

test('a wrong password gets no token', async () => {
  const ada = await people.verified()

  const answer = await reauthenticate(ada, 'Not-My-Password-1')

  expect(answer).toRefuse('wrong_password')
  expect(answer.text).not.toContain('reauthToken')
})

test('guesses are throttled together with guesses at sign-in, and the correct password works after the wait', async () => {
  const ada = await people.verified()
  for (let guess = 1; guess <= 3; guess += 1) await reauthenticate(ada, `Guess-No-${guess}`)
  for (let guess = 4; guess <= 5; guess += 1) {
    await api.post('/v1/login', { email: ada.email, password: `Guess-No-${guess}` })
  }

  const heldUp = await reauthenticate(ada)

  expect(heldUp).toRefuse('too_many_attempts')
  expect(heldUp.body.retryAfter).toBeGreaterThan(0)
  clock.advance(heldUp.body.retryAfter)
  expect(await reauthenticate(ada)).toHaveStatus(200)
})

test('a password longer than any can be is refused before it is compared', async () => {
  const ada = await people.verified()

  const answer = await reauthenticate(ada, `Aa1-${'b'.repeat(125)}`)

  expect(answer).toRefuse('password_policy')
  expect(answer.body.violations).toMatchObject([{ field: 'currentPassword', rule: 'max_length' }])
})

test('a reauthentication without an access token is refused', async () => {
  const body = { currentPassword: 'Correct-Horse-7' }

  expect(await api.post('/v1/reauthenticate', body)).toRefuse('unauthenticated')
  expect(await api.post('/v1/reauthenticate', body, { token: 'garbage' })).toRefuse('unauthenticated')
})

test('the audit trail has every reauthentication and failure, and where they came from; nobody is mailed', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const mails = await mailbox.during(async () => {
    await reauthenticate(ada, 'Not-My-Password-1')
    await reauthenticate(ada)
  })

  const { sessionId } = ada.tokens
  expect(mails).toEqual([])
  expect(await eventsOf(deps, 'password.proven', accountId)).toMatchObject([
    { outcome: 'success', sessionId, ip: '198.51.100.7' },
    { outcome: 'failure', sessionId, ip: '198.51.100.7' },
  ])
})
