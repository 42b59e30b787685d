import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { hashAddress } from '../../src/domain/addresses/address-hashes.ts'
import { HOME } from '../support/api.ts'
import { Guesser, inTurn, newNetwork } from '../support/guesser.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()
const guesser = new Guesser(api)

test('text that names an address and its owner’s network does not count against the owner at home', async () => {
  const person = await people.verified()

  const answers = await guesser.guessAsStrangers(`${person.email} from ${HOME}`, 104)

  expect(answers.at(-1)).toRefuse('too_many_attempts') // the text is throttled itself
  expect(await guesser.guess(person.email, HOME, person.password)).toHaveStatus(200)
})

test('text that names an address and a new network does not count against the owner there, nor after a reset', async () => {
  const person = await people.verified()
  const hotel = newNetwork()
  await guesser.guessAsStrangers(`${person.email} from ${hotel}`, 104)
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')
  const newPassword = 'Battery-Staple-8'
  expect(await api.post('/v1/password/reset', { token, newPassword }, { ip: hotel })).toHaveStatus(204)

  expect(await guesser.guess(person.email, hotel, newPassword)).toHaveStatus(200)
})

test('text that names a session does not count against the session’s holder', async () => {
  const person = await people.verified()
  await guesser.guessAsStrangers(`in session ${person.tokens.sessionId}`, 104)

  const elsewhere = { token: person.token, ip: newNetwork() }

  expect(await api.post('/v1/reauthenticate', { currentPassword: person.password }, elsewhere)).toHaveStatus(200)
})

test('a counter leaves one audit event when it begins to block and one each time it blocks for longer', async () => {
  const { email } = await people.verified()
  const account = await deps.db.account.findFirstOrThrow({ where: { email } })
  const throttled = () =>
    deps.db.event.findMany({
      where: { type: 'password.attempts_throttled', accountId: account.id },
      orderBy: { id: 'asc' },
    })
  const ip = newNetwork()

  await inTurn(50, () => guesser.guess(email, ip))
  expect(await throttled()).toMatchObject([{ ip, outcome: 'failure', details: { counter: 'network', failures: 5 } }])

  for (let round = 0; round < 12; round += 1) {
    clock.advance(900)
    await inTurn(3, () => guesser.guess(email, ip))
  }
  const failures = (await throttled()).map(({ details }) => (details as { failures: number }).failures)
  expect(failures).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13]) // the 13th failure has reached the longest wait
})

test('strangers who use up their guesses leave an audit event, also at an address without an account', async () => {
  const email = people.newEmail()

  await guesser.guessAsStrangers(email, 110)

  const events = await deps.db.event.findMany({
    where: {
      type: 'password.attempts_throttled',
      details: { path: ['addressHash'], equals: hashAddress(deps, email) },
    },
  })
  expect(events).toHaveLength(1)
  expect(events[0]?.details).toMatchObject({ counter: 'strangers', failures: 100 })
})

test('attempts that end with the correct password leave no event about throttling', async () => {
  const person = await people.verified()
  const ip = newNetwork()
  await inTurn(4, () => guesser.guess(person.email, ip))

  expect(await guesser.guess(person.email, ip, person.password)).toHaveStatus(200)

  const { id: accountId } = await deps.db.account.findFirstOrThrow({ where: { email: person.email } })
  expect(await deps.db.event.count({ where: { type: 'password.attempts_throttled', accountId } })).toBe(0)
})
