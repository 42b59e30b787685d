import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { type Answer, HOME } from '../support/api.ts'
import { Guesser, inTurn, newNetwork } from '../support/guesser.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, people } = await startTestApp()
const guesser = new Guesser(api)

const WRONG = 'Wrong-Horse-7'
const HOUR_SECONDS = 3600

const outcome = ({ status, body }: Answer) => [status, body.code, body.title, body.detail]

/** The waits may differ by a second, because a second may have begun between two answers. */
function expectSameWaits(some: Answer[], others: Answer[]): void {
  for (const [index, answer] of some.entries()) {
    const difference = (answer.body.retryAfter ?? 0) - (others[index]?.body.retryAfter ?? 0)
    expect(Math.abs(difference)).toBeLessThanOrEqual(1)
  }
}

const checks: Array<
  [string, (person: Person, password: string) => Promise<Answer>, 'invalid_credentials' | 'wrong_password']
> = [
  ['sign-in', (person, password) => api.post('/v1/login', { email: person.email, password }), 'invalid_credentials'],
  [
    'reauthentication',
    (person, currentPassword) => person.post('/v1/reauthenticate', { currentPassword }),
    'wrong_password',
  ],
  [
    'a password change',
    (person, currentPassword) =>
      person.post('/v1/password/change', { currentPassword, newPassword: 'Battery-Staple-8' }),
    'wrong_password',
  ],
  [
    'an email change',
    (person, currentPassword) => person.post('/v1/email/change', { newEmail: people.newEmail('new'), currentPassword }),
    'wrong_password',
  ],
]

test.each(checks)(
  'P5: ten wrong passwords at %s are throttled, and the correct one works after the wait',
  async (_, check, code) => {
    const person = await people.verified()

    const answers = await inTurn(10, () => check(person, WRONG))
    const waitSeconds = Number(answers.at(-1)?.headers['retry-after'])

    for (const answer of answers.slice(0, 5)) expect(answer).toRefuse(code)
    for (const answer of answers.slice(5)) expect(answer).toRefuse('too_many_attempts')
    expect(waitSeconds).toBeGreaterThan(0)
    expect(await check(person, person.password)).toRefuse('too_many_attempts')
    clock.advance(waitSeconds)
    expect((await check(person, person.password)).status).toBeLessThan(300)
  },
)

test('P5: every route that checks a password uses the same counters', async () => {
  const person = await people.verified()

  for (const [, check, code] of checks) expect(await check(person, WRONG)).toRefuse(code)
  expect(await guesser.guess(person.email, HOME)).toRefuse('invalid_credentials')

  for (const [, check] of checks) expect(await check(person, person.password)).toRefuse('too_many_attempts')
})

test('P5: wrong passwords slow down neither other accounts nor other networks', async () => {
  const person = await people.verified()
  const other = await people.verified()
  await inTurn(10, () => guesser.guess(person.email, HOME))

  expect(await guesser.guess(other.email, HOME, other.password)).toHaveStatus(200)
  expect(await guesser.guess(person.email, newNetwork(), person.password)).toHaveStatus(200)
})

test('P5: each further wrong password doubles the wait, and attempts during the wait do not prolong it', async () => {
  const { email } = await people.verified()
  await inTurn(5, () => guesser.guess(email, HOME))
  const waits = []
  for (let round = 0; round < 10; round += 1) {
    const [refused] = await inTurn(3, () => guesser.guess(email, HOME))
    waits.push(Number(refused?.headers['retry-after']))
    clock.advance(Number(refused?.headers['retry-after']))
    await guesser.guess(email, HOME)
  }

  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900])
})

test('P5: of two hundred guesses at the same moment no more than five are compared', async () => {
  const { email } = await people.verified()

  const answers = await Promise.all(Array.from({ length: 200 }, () => guesser.guess(email, HOME)))

  const compared = answers.filter(({ status }) => status === 401)
  expect(compared.length).toBeLessThanOrEqual(5)
  expect(answers.filter(({ status }) => status === 429 || status === 503)).toHaveLength(200 - compared.length)
})

test('E5: twenty wrong passwords at a known and at an unknown address get the same answers in the same order', async () => {
  const { email } = await people.verified()
  const known = []
  const unknown = []

  for (let time = 0; time < 20; time += 1) {
    const ip = '203.0.113.50'
    known.push(await guesser.guess(email, ip))
    unknown.push(await guesser.guess('nobody.at.all@example.com', ip))
  }

  expect(known.map(outcome)).toEqual(unknown.map(outcome))
  expectSameWaits(known, unknown)
})

test('E5: a hundred guesses from many networks get the same answers at a known and at an unknown address', async () => {
  const { email } = await people.verified()

  const known = await guesser.guessAsStrangers(email, 110)
  const unknown = await guesser.guessAsStrangers('no.such.person@example.com', 110)

  expect(known.map(({ status }) => status)).toEqual([...Array(100).fill(401), ...Array(10).fill(429)])
  expect(unknown.map(outcome)).toEqual(known.map(outcome))
  expectSameWaits(known, unknown)
})

test('a botnet has a hundred guesses at an address, then one an hour, and in the end one a day', async () => {
  const person = await people.verified()
  await guesser.guessAsStrangers(person.email, 100)

  const waits = []
  for (let round = 0; round < 7; round += 1) {
    const [refused] = await guesser.guessAsStrangers(person.email, 1)
    waits.push(Number(refused?.headers['retry-after']) / HOUR_SECONDS)
    clock.advance(Number(refused?.headers['retry-after']))
    await guesser.guessAsStrangers(person.email, 1)
  }

  expect(waits).toEqual([1, 2, 4, 8, 16, 24, 24])
})
