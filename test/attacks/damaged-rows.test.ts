import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, deps, people, mailbox } = await startTestApp()

const HASH_BODY = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'

const damaged: ReadonlyArray<[string, string]> = [
  ['a lost pepper', `v1$00000000-0000-7000-8000-000000000000$2b$05$${HASH_BODY}`],
  ['a cost of 31', `$2b$31$${HASH_BODY}`],
  ['a cost of 31 under a lost pepper', `v1$lost$2b$31$${HASH_BODY}`],
  ['a lost import key', `sealed$lost$00000000-0000-7000-8000-000000000000$2b$12$AAAA`],
]

async function personWithHash(passwordHash: string) {
  const person = await people.verified()
  await deps.db.account.updateMany({ where: { email: person.email }, data: { passwordHash } })
  return person
}

test.each(damaged)('a password hash with %s is answered at sign-in like a wrong password', async (_, hash) => {
  const person = await personWithHash(hash)
  const other = await people.verified()

  const answer = await api.post('/v1/login', { email: person.email, password: person.password })
  const usual = await api.post('/v1/login', { email: other.email, password: 'Wrong-Guess-1' })

  expect(answer).toRefuse('invalid_credentials')
  expect({ ...answer.body, instance: null }).toEqual({ ...usual.body, instance: null })
})

test.each(damaged)('the owner of a password hash with %s chooses a new password with a reset', async (_, hash) => {
  const person = await personWithHash(hash)
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')

  const reset = await api.post('/v1/password/reset', { token, newPassword: 'Correct-Horse-9' })

  expect(reset).toHaveStatus(204)
  expect(await api.post('/v1/login', { email: person.email, password: 'Correct-Horse-9' })).toHaveStatus(200)
})

test.each(damaged)('a session is told that the current password is wrong where the hash has %s', async (_, hash) => {
  const person = await personWithHash(hash)

  expect(await person.post('/v1/reauthenticate', { currentPassword: person.password })).toRefuse('wrong_password')
})

test('a row with an absurd cost makes nobody else wait', async () => {
  await personWithHash(`$2b$31$${HASH_BODY}`)
  const other = await people.verified()

  const answers = await Promise.all([
    api.post('/v1/login', { email: other.email, password: 'Wrong-Guess-1' }),
    api.post('/v1/login', { email: people.newEmail(), password: 'Wrong-Guess-1' }),
  ])

  for (const answer of answers) expect(answer).toRefuse('invalid_credentials') // at cost 31 it would take a week
  expect(await other.logIn()).toMatchObject({ email: other.email })
})
