import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { HOME } from '../support/api.ts'
import { Guesser, inTurn, newNetwork } from '../support/guesser.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people, serviceToken } = await startTestApp()
const guesser = new Guesser(api)

const WRONG = 'Wrong-Horse-7'

test('while strangers guess, the owner signs in from every network of the last thirty days', async () => {
  const person = await people.verified()
  await person.logIn({ ip: '192.0.2.77' })
  clock.advance(25 * 86_400)
  await guesser.guessAsStrangers(person.email, 100)

  expect(await guesser.guess(person.email, HOME, person.password)).toHaveStatus(200)
  expect(await guesser.guess(person.email, '192.0.2.77', person.password)).toHaveStatus(200)
  expect(await guesser.guess(person.email, '192.0.2.78', person.password)).toRefuse('too_many_attempts')
})

test('while strangers guess, a session on any network can confirm and change the password', async () => {
  const person = await people.verified()
  await guesser.guessAsStrangers(person.email, 100)
  const travelling = { token: person.token, ip: newNetwork() }

  expect(await api.post('/v1/reauthenticate', { currentPassword: person.password }, travelling)).toHaveStatus(200)
})

test('the thief of a session who changes networks has no more than a hundred guesses at the password', async () => {
  const person = await people.verified()
  const prove = (currentPassword: string) =>
    api.post('/v1/reauthenticate', { currentPassword }, { token: person.token, ip: newNetwork() })

  const answers = await inTurn(101, () => prove(WRONG))

  expect(answers[99]).toRefuse('wrong_password')
  expect(answers[100]).toRefuse('too_many_attempts')
  expect(await guesser.guess(person.email, HOME, person.password)).toHaveStatus(200)
})

test('a successful sign-in of the owner does not clear the failures of strangers', async () => {
  const person = await people.verified()
  await guesser.guessAsStrangers(person.email, 99)

  expect(await guesser.guess(person.email, newNetwork(), person.password)).toHaveStatus(200)

  expect((await guesser.guessAsStrangers(person.email, 2)).map(({ status }) => status)).toEqual([401, 429])
})

test('any number of correct sign-ins at the same moment from one network all succeed', async () => {
  const person = await people.verified()

  const rights = await Promise.all(Array.from({ length: 15 }, () => guesser.guess(person.email, HOME, person.password)))
  const abroad = newNetwork()
  const elsewhere = await Promise.all(
    Array.from({ length: 15 }, () => guesser.guess(person.email, abroad, person.password)),
  )

  expect([...rights, ...elsewhere].map(({ status }) => status)).toEqual(Array(30).fill(200))
})

test('a reset clears every count, so nobody can be locked out for good', async () => {
  const person = await people.verified()
  await guesser.guessAsStrangers(person.email, 100)
  await inTurn(10, () => guesser.guess(person.email, HOME))
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)

  expect(await guesser.guess(person.email, HOME, 'Battery-Staple-8')).toHaveStatus(200)
  expect(await guesser.guess(person.email, newNetwork(), 'Battery-Staple-8')).toHaveStatus(200)
})

test('after a reset the only known network is that of the link: a thief who knew the password loses theirs', async () => {
  const person = await people.verified()
  const thief = newNetwork()
  await person.logIn({ ip: thief })
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')
  const hotel = newNetwork()
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' }, { ip: hotel })

  await guesser.guessAsStrangers(person.email, 101)

  expect(await guesser.guess(person.email, thief)).toRefuse('too_many_attempts')
  expect(await guesser.guess(person.email, HOME, 'Battery-Staple-8')).toRefuse('too_many_attempts')
  expect(await guesser.guess(person.email, hotel, 'Battery-Staple-8')).toHaveStatus(200)
})

test('after a revert the only known network is that of the link', async () => {
  const person = await people.verified()
  const oldEmail = person.email
  const thief = newNetwork()
  await person.logIn({ ip: thief })
  await people.move(person, people.newEmail())
  const library = newNetwork()
  const revertLink = await mailbox.token(oldEmail, 'email_changed')
  expect(await api.post('/v1/email/change/revert', { token: revertLink }, { ip: library })).toHaveStatus(200)

  await guesser.guessAsStrangers(oldEmail, 101)

  expect(await guesser.guess(oldEmail, thief)).toRefuse('too_many_attempts')
  expect(await guesser.guess(oldEmail, library)).toRefuse('invalid_credentials') // it has no password until a reset
})

test('E5: the wait after too many guesses does not show that an account was opened or erased meanwhile', async () => {
  const opened = people.newEmail()
  const { email: erased } = await people.verified()
  const ip = newNetwork()
  for (const email of [opened, erased]) {
    await inTurn(6, () => guesser.guess(email, ip))
    await guesser.guessAsStrangers(email, 100)
  }

  await people.verified({ email: opened })
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email: erased } })
  await api.delete(`/v1/admin/users/${id}`, { token: await serviceToken('users:delete') })

  for (const email of [opened, erased]) {
    expect(await guesser.guess(email, ip)).toRefuse('too_many_attempts')
    expect(await guesser.guess(email, newNetwork())).toRefuse('too_many_attempts')
  }
})

test('the network where the link of a registration or an email change was opened is known, whatever strangers guess', async () => {
  const [registered, moved] = [people.newEmail(), people.newEmail()]
  await guesser.guessAsStrangers(registered, 100)
  await guesser.guessAsStrangers(moved, 100)

  const person = await people.verified({ email: registered }) // signs in, too
  await people.move(person, moved)

  expect(await guesser.guess(moved, newNetwork(), person.password)).toRefuse('too_many_attempts')
  expect(await guesser.guess(moved, HOME, person.password)).toHaveStatus(200)
})

test('the networks of an address’s former owner are not known to its next owner', async () => {
  const email = people.newEmail()
  const former = newNetwork()
  const person = await people.verified({ email })
  expect(await guesser.guess(email, former, person.password)).toHaveStatus(200)
  await people.move(person, people.newEmail())
  await api.delete(`/v1/admin/addresses/${email}/lock`, { token: await serviceToken('addresses:unlock') })

  await people.verified({ email })
  await guesser.guessAsStrangers(email, 100)

  expect(await guesser.guess(email, former)).toRefuse('too_many_attempts')
})

test('signing in to a registration of somebody else’s address makes no network known', async () => {
  const email = people.newEmail('victim')
  const squatter = newNetwork()
  await api.post('/v1/register', { email, password: 'Squatters-Own-1' }, { ip: squatter })
  expect(await guesser.guess(email, squatter, 'Squatters-Own-1')).toRefuse('email_not_verified')
  await people.verified({ email })
  await guesser.guessAsStrangers(email, 100)

  expect(await guesser.guess(email, squatter)).toRefuse('too_many_attempts')
})
