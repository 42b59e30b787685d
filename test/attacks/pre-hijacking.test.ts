import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

/** If an address has so many registrations that some get no link, no link may set the password of a stranger. */
const { api, mailbox, people } = await startTestApp()
const THIEFS = 'Thief-Horse-7'
const OWNERS = 'Owner-Horse-7'
const NEW = 'Battery-Staple-8'
const OFFICE = '203.0.113.66'

async function register(email: string, password: string, ip: string): Promise<void> {
  expect(await api.post('/v1/register', { email, password }, { ip })).toHaveStatus(202)
  await mailbox.drain()
}

function logIn(email: string, password: string): Promise<Answer> {
  return api.post('/v1/login', { email, password })
}

function verify(token: string): Promise<Answer> {
  return api.post('/v1/email/verify', { token })
}

/** The owner sets a password with the newest mail that has a link for it. */
async function choosePassword(email: string): Promise<void> {
  const token = await mailbox.token(email, 'choose_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
  expect(await logIn(email, NEW)).toHaveStatus(200)
}

test('a squatter on the owner’s network cannot put their password in force through the owner’s click', async () => {
  const email = people.newEmail('victim')
  for (let time = 0; time < 5; time += 1) await register(email, THIEFS, OFFICE)
  await register(email, OWNERS, OFFICE)
  const squattersLink = await mailbox.token(email, 'verify_email')

  expect((await verify(squattersLink)).body).toEqual({ email })

  expect(await logIn(email, THIEFS)).toRefuse('invalid_credentials')
  expect(await logIn(email, OWNERS)).toRefuse('invalid_credentials')
  await choosePassword(email)
})

test('an owner whose registration got no mail of its own receives a link to choose a password', async () => {
  const email = people.newEmail('victim')
  for (let time = 0; time < 5; time += 1) await register(email, THIEFS, OFFICE)
  await register(email, OWNERS, OFFICE)

  await choosePassword(email)

  expect(await logIn(email, THIEFS)).toRefuse('invalid_credentials')
})

test('the requests of five strangers do not end the owner’s first link', async () => {
  const email = people.newEmail('victim')
  await register(email, OWNERS, OFFICE)
  const first = await mailbox.token(email, 'verify_email')
  for (let stranger = 1; stranger <= 6; stranger += 1) await register(email, THIEFS, `198.51.${stranger}.9`)

  expect((await verify(first)).body).toEqual({ email })

  expect(await logIn(email, THIEFS)).toRefuse('invalid_credentials')
  await choosePassword(email)
})

test('the password of the opened registration is in force if every registration got its own link', async () => {
  const email = people.newEmail('victim')
  await register(email, THIEFS, OFFICE)
  await register(email, OWNERS, '198.51.100.9')

  await verify(await mailbox.token(email, 'verify_email'))

  expect(await logIn(email, OWNERS)).toHaveStatus(200)
  expect(await logIn(email, THIEFS)).toRefuse('invalid_credentials')
})
