import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { type Answer, HOME } from '../support/api.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people, serviceToken } = await startTestApp()

const WRONG = 'Wrong-Horse-7'
const HOUR = 3600

let lastNetwork = 0
const stranger = () => `10.${++lastNetwork >> 16}.${(lastNetwork >> 8) & 255}.${lastNetwork & 255}`

const guess = (email: string, ip: string, password = WRONG) => api.post('/v1/login', { email, password }, { ip })

async function inTurn(times: number, call: () => Promise<Answer>): Promise<Answer[]> {
  const answers = []
  for (let time = 0; time < times; time += 1) answers.push(await call())
  return answers
}

/** A botnet: four guesses from each network, so that no limit on one network says a word. */
async function strangersGuess(email: string, times: number): Promise<Answer[]> {
  const answers = []
  let ip = stranger()
  for (let time = 0; time < times; time += 1) {
    if (time % 4 === 3) ip = stranger()
    answers.push(await guess(email, ip))
  }
  return answers
}

const outcome = ({ status, body }: Answer) => [status, body.code, body.title, body.detail]

/** Seconds; one may have begun between two answers. */
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
  'P5: ten wrong passwords at %s are throttled, a right one after the wait works',
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

test('P5: every check of a password shares the count', async () => {
  const person = await people.verified()

  for (const [, check, code] of checks) expect(await check(person, WRONG)).toRefuse(code)
  expect(await guess(person.email, HOME)).toRefuse('invalid_credentials')

  for (const [, check] of checks) expect(await check(person, person.password)).toRefuse('too_many_attempts')
})

test('P5: neither another account nor another network is touched', async () => {
  const person = await people.verified()
  const other = await people.verified()
  await inTurn(10, () => guess(person.email, HOME))

  expect(await guess(other.email, HOME, other.password)).toHaveStatus(200)
  expect(await guess(person.email, stranger(), person.password)).toHaveStatus(200)
})

test('P5: each further wrong one waits twice as long, and trying on meanwhile prolongs nothing', async () => {
  const { email } = await people.verified()
  await inTurn(5, () => guess(email, HOME))
  const waits = []
  for (let round = 0; round < 10; round += 1) {
    const [refused] = await inTurn(3, () => guess(email, HOME))
    waits.push(Number(refused?.headers['retry-after']))
    clock.advance(Number(refused?.headers['retry-after']))
    await guess(email, HOME)
  }

  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900])
})

test('P5: two hundred guesses at once are no more than five', async () => {
  const { email } = await people.verified()

  const answers = await Promise.all(Array.from({ length: 200 }, () => guess(email, HOME)))

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
    known.push(await guess(email, ip))
    unknown.push(await guess('nobody.at.all@example.com', ip))
  }

  expect(known.map(outcome)).toEqual(unknown.map(outcome))
  expectSameWaits(known, unknown)
})

test('E5: a hundred guesses from everywhere end alike at a known and at an unknown address', async () => {
  const { email } = await people.verified()

  const known = await strangersGuess(email, 110)
  const unknown = await strangersGuess('no.such.person@example.com', 110)

  expect(known.map(({ status }) => status)).toEqual([...Array(100).fill(401), ...Array(10).fill(429)])
  expect(unknown.map(outcome)).toEqual(known.map(outcome))
  expectSameWaits(known, unknown)
})

test('a botnet has a hundred guesses at an address, then one an hour, and at last one a day', async () => {
  const person = await people.verified()
  await strangersGuess(person.email, 100)

  const waits = []
  for (let round = 0; round < 7; round += 1) {
    const [refused] = await strangersGuess(person.email, 1)
    waits.push(Number(refused?.headers['retry-after']) / HOUR)
    clock.advance(Number(refused?.headers['retry-after']))
    await strangersGuess(person.email, 1)
  }

  expect(waits).toEqual([1, 2, 4, 8, 16, 24, 24])
})

test('while strangers guess, the owner signs in from every network of the last thirty days', async () => {
  const person = await people.verified()
  await person.logIn({ ip: '192.0.2.77' })
  clock.advance(25 * 86_400)
  await strangersGuess(person.email, 100)

  expect(await guess(person.email, HOME, person.password)).toHaveStatus(200)
  expect(await guess(person.email, '192.0.2.77', person.password)).toHaveStatus(200)
  expect(await guess(person.email, '192.0.2.78', person.password)).toRefuse('too_many_attempts')
})

test('while strangers guess, a session on any network can confirm and change the password', async () => {
  const person = await people.verified()
  await strangersGuess(person.email, 100)
  const travelling = { token: person.token, ip: stranger() }

  expect(await api.post('/v1/reauthenticate', { currentPassword: person.password }, travelling)).toHaveStatus(200)
})

test('the thief of a session who changes networks has no more than a hundred guesses at the password', async () => {
  const person = await people.verified()
  const prove = (currentPassword: string) =>
    api.post('/v1/reauthenticate', { currentPassword }, { token: person.token, ip: stranger() })

  const answers = await inTurn(101, () => prove(WRONG))

  expect(answers[99]).toRefuse('wrong_password')
  expect(answers[100]).toRefuse('too_many_attempts')
  expect(await guess(person.email, HOME, person.password)).toHaveStatus(200)
})

test('the owner’s success forgives strangers nothing', async () => {
  const person = await people.verified()
  await strangersGuess(person.email, 99)

  expect(await guess(person.email, stranger(), person.password)).toHaveStatus(200)

  expect((await strangersGuess(person.email, 2)).map(({ status }) => status)).toEqual([401, 429])
})

test('any number of right sign-ins at once, from one network, are none of them a guess too many', async () => {
  const person = await people.verified()

  const rights = await Promise.all(Array.from({ length: 15 }, () => guess(person.email, HOME, person.password)))
  const abroad = stranger()
  const elsewhere = await Promise.all(Array.from({ length: 15 }, () => guess(person.email, abroad, person.password)))

  expect([...rights, ...elsewhere].map(({ status }) => status)).toEqual(Array(30).fill(200))
})

test('a reset clears every count, so nobody can be locked out for good', async () => {
  const person = await people.verified()
  await strangersGuess(person.email, 100)
  await inTurn(10, () => guess(person.email, HOME))
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)

  expect(await guess(person.email, HOME, 'Battery-Staple-8')).toHaveStatus(200)
  expect(await guess(person.email, stranger(), 'Battery-Staple-8')).toHaveStatus(200)
})

test('after a reset the only known network is that of the link: a thief who knew the password loses theirs', async () => {
  const person = await people.verified()
  const thief = stranger()
  await person.logIn({ ip: thief })
  await api.post('/v1/password/forgot', { email: person.email })
  const token = await mailbox.token(person.email, 'reset_password')
  const hotel = stranger()
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' }, { ip: hotel })

  await strangersGuess(person.email, 101)

  expect(await guess(person.email, thief)).toRefuse('too_many_attempts')
  expect(await guess(person.email, HOME, 'Battery-Staple-8')).toRefuse('too_many_attempts')
  expect(await guess(person.email, hotel, 'Battery-Staple-8')).toHaveStatus(200)
})

test('E5: who waits after too many guesses is not told by it that an account was opened, or erased', async () => {
  const opened = people.newEmail()
  const { email: erased } = await people.verified()
  const guesser = stranger()
  for (const email of [opened, erased]) {
    await inTurn(6, () => guess(email, guesser))
    await strangersGuess(email, 100)
  }

  await people.verified({ email: opened })
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email: erased } })
  await api.delete(`/v1/admin/users/${id}`, { token: await serviceToken('users:delete') })

  for (const email of [opened, erased]) {
    expect(await guess(email, guesser)).toRefuse('too_many_attempts')
    expect(await guess(email, stranger())).toRefuse('too_many_attempts')
  }
})

test('whoever opens the link of a registration or a move is at home there, whatever strangers have guessed', async () => {
  const [registered, moved] = [people.newEmail(), people.newEmail()]
  await strangersGuess(registered, 100)
  await strangersGuess(moved, 100)

  const person = await people.verified({ email: registered }) // signs in, too
  await people.move(person, moved)

  expect(await guess(moved, stranger(), person.password)).toRefuse('too_many_attempts')
  expect(await guess(moved, HOME, person.password)).toHaveStatus(200)
})

test('a network from which the former owner of an address signed in is a stranger’s to the next', async () => {
  const email = people.newEmail()
  const former = stranger()
  const person = await people.verified({ email })
  expect(await guess(email, former, person.password)).toHaveStatus(200)
  await people.move(person, people.newEmail())
  await api.delete(`/v1/admin/addresses/${email}/lock`, { token: await serviceToken('addresses:unlock') })

  await people.verified({ email })
  await strangersGuess(email, 100)

  expect(await guess(email, former)).toRefuse('too_many_attempts')
})

test('signing in to a registration of somebody else’s address makes no network its owner’s', async () => {
  const email = people.newEmail('victim')
  const squatter = stranger()
  await api.post('/v1/register', { email, password: 'Squatters-Own-1' }, { ip: squatter })
  expect(await guess(email, squatter, 'Squatters-Own-1')).toRefuse('email_not_verified')
  await people.verified({ email })
  await strangersGuess(email, 100)

  expect(await guess(email, squatter)).toRefuse('too_many_attempts')
})

test('L14: a hundred forgots for one victim are all answered 202, mail three times, and the victim can still reset', async () => {
  const victim = await people.verified()
  const forgot = () => api.post('/v1/password/forgot', { email: victim.email }, { ip: stranger() })

  const answers = await inTurn(100, forgot)

  for (const answer of answers) expect(answer).toHaveStatus(202)
  expect((await mailbox.kinds(victim.email)).filter((kind) => kind === 'reset_password')).toHaveLength(3)
  const token = await mailbox.token(victim.email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)
})

test('L14: hour after hour, no more than ten mails an hour', async () => {
  const victim = await people.verified()
  const sent = async () => (await mailbox.kinds(victim.email)).filter((kind) => kind === 'reset_password').length
  for (let halfHour = 0; halfHour < 6; halfHour += 1) {
    await inTurn(20, () => api.post('/v1/password/forgot', { email: victim.email }))
    await mailbox.drain()
    clock.advance(1801)
  }

  expect(await sent()).toBeLessThanOrEqual(18)
})

test('L14: nor do the mails of an outage all go out at once when it is over', async () => {
  const email = people.newEmail()
  await inTurn(9, () => api.post('/v1/register', { email, password: 'Correct-Horse-7' }))
  await deps.pool.query("UPDATE mails SET queued_at = queued_at - interval '2 hours' WHERE address = $1", [email])

  expect(await mailbox.kinds(email)).toHaveLength(5)
})
