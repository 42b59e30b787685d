import { expect, test } from '@jest/globals'
import type { Answer, CallOptions } from '../support/api.ts'
import { statementsOf } from '../support/counted-statements.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()
const PASSWORD = 'Correct-Horse-7'

/** Everything a stranger can see of an answer, except what differs between any two requests. */
function seen(answer: Answer): unknown {
  const body = answer.text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(request)')
    .replace(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g, '(receipt)')
  const { date, 'x-request-id': requestId, ...headers } = answer.headers
  return { status: answer.status, body, headers, isNamed: typeof date === 'string' && typeof requestId === 'string' }
}

/** One address of each sort. A stranger must not be able to tell the sorts apart. */
async function addressesOfEverySort(): Promise<Record<string, string>> {
  const used = await people.verified()
  const mover = await people.verified()
  await mover.changeEmail(people.newEmail())
  const [pending] = await deps.db.emailChange.findMany({ where: { fromAddress: mover.email } })
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(pending?.toEmail ?? '', 'confirm_email') })
  const disabled = await people.verified()
  await deps.db.account.updateMany({ where: { email: disabled.email }, data: { disabledAt: clock.now() } })
  const unverified = people.newEmail()
  await api.post('/v1/register', { email: unverified, password: PASSWORD })
  return {
    unknown: people.newEmail(),
    unverified,
    used: used.email,
    locked: mover.email,
    disabled: disabled.email,
  }
}

async function answersFor(path: string, bodyFor: (email: string) => object, options: CallOptions = {}) {
  const addresses = await addressesOfEverySort()
  const answers = []
  for (const email of Object.values(addresses)) answers.push(seen(await api.post(path, bodyFor(email), options)))
  return { addresses, answers }
}

function expectAlike(answers: unknown[], status: number): void {
  for (const answer of answers) expect(answer).toEqual(answers[0])
  expect(answers[0]).toMatchObject({ status, isNamed: true })
}

test('E1: a forgotten password gets the same answer for every kind of address', async () => {
  const { answers } = await answersFor('/v1/password/forgot', (email) => ({ email }))

  expectAlike(answers, 202)
})

test('E2, E7: a sign-in with a wrong password gets the same answer for every kind of address', async () => {
  const { answers } = await answersFor('/v1/login', (email) => ({ email, password: 'Wrong-Horse-7' }))

  expectAlike(answers, 401)
  expect(JSON.stringify(answers[0])).toContain('invalid_credentials')
})

test('E2: a sign-in with text that is not an address is answered like a wrong password', async () => {
  const { email } = await people.verified()

  const known = await api.post('/v1/login', { email, password: 'Wrong-Horse-7' })
  const impossible = await api.post('/v1/login', { email: 'not an address', password: 'Wrong-Horse-7' })

  expect(seen(impossible)).toEqual(seen(known))
})

test('E3: a registration gets the same answer for every kind of address, and the mails differ', async () => {
  const { answers, addresses } = await answersFor('/v1/register', (email) => ({ email, password: PASSWORD }))

  expectAlike(answers, 202)
  const newest = async (sort: string) => (await mailbox.kinds(addresses[sort] ?? '')).at(-1)
  expect(await newest('unknown')).toBe('verify_email')
  expect(await newest('used')).toBe('already_registered')
  expect(await newest('locked')).toBe('address_locked')
})

test('E3: a sign-in with the password just registered does not show whether the address has an account', async () => {
  const { addresses } = await answersFor('/v1/register', (email) => ({ email, password: 'Probing-Horse-7' }))
  const { disabled, ...others } = addresses

  const answers = []
  for (const email of [...Object.values(others), disabled]) {
    answers.push(seen(await api.post('/v1/login', { email, password: 'Probing-Horse-7' })))
  }

  expectAlike(answers, 403)
  expect(JSON.stringify(answers[0])).toContain('email_not_verified')
})

test('E3: a sign-in with a registered password shows nothing after a later link has extended the registration of a free address', async () => {
  const { addresses } = await answersFor('/v1/register', (email) => ({ email, password: 'Probing-Horse-7' }))
  clock.advance(6.9 * 86_400)
  for (const email of Object.values(addresses)) await api.post('/v1/email/verify/resend', { email })
  await mailbox.drain()

  clock.advance(0.6 * 86_400)
  const answers = []
  for (const email of Object.values(addresses)) {
    answers.push(seen(await api.post('/v1/login', { email, password: 'Probing-Horse-7' })))
  }

  expectAlike(answers, 401)
})

test('E3: a password registered for an address in use gives no free guesses at its account', async () => {
  const { email } = await people.verified()
  await api.post('/v1/register', { email, password: 'Probing-Horse-7' })

  const statuses = []
  for (let round = 0; round < 4; round += 1) {
    statuses.push((await api.post('/v1/login', { email, password: 'Wrong-Horse-7' })).status)
    statuses.push((await api.post('/v1/login', { email, password: 'Probing-Horse-7' })).status)
  }

  expect(statuses).toEqual([401, 403, 401, 403, 401, 429, 429, 429])
})

test('E4: a request for another verification mail gets the same answer for every kind of address', async () => {
  const { answers } = await answersFor('/v1/email/verify/resend', (email) => ({ email }))

  expectAlike(answers, 202)
})

test('E5: twenty wrong sign-ins get the same answers in the same order, with and without an account', async () => {
  const wrongSignIns = async (email: string) => {
    const answers = []
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const answer = await api.post('/v1/login', { email, password: 'Wrong-Horse-7' })
      answers.push({ status: answer.status, code: answer.body.code, hasRetryAfter: 'retry-after' in answer.headers })
      if (attempt % 7 === 6) clock.advance(1000)
    }
    return answers
  }
  const addresses = await addressesOfEverySort()

  const unknown = await wrongSignIns(people.newEmail())

  expect(unknown.filter(({ status }) => status === 429).length).toBeGreaterThan(5)
  for (const email of Object.values(addresses)) expect(await wrongSignIns(email)).toEqual(unknown)
})

test('E6: email changes to an address in use and to a locked address get the same refusal, and are limited', async () => {
  const { used, locked } = await addressesOfEverySort()
  const ada = await people.verified()
  const { body } = await ada.post('/v1/reauthenticate', { currentPassword: ada.password })
  const tryFor = (newEmail = '') => ada.post('/v1/email/change', { newEmail, reauthToken: body.reauthToken })

  const toUsed = await tryFor(used)
  const toLocked = await tryFor(locked)
  const more = []
  for (let attempt = 0; attempt < 20; attempt += 1) more.push((await tryFor(used)).status)

  expect(toUsed).toRefuse('email_unavailable')
  expect(toUsed.body.support).toBe('help@acme.example')
  expect(seen(toLocked)).toEqual(seen(toUsed))
  expect(more.slice(0, 18)).toEqual(Array(18).fill(409))
  expect(more.slice(18)).toEqual([429, 429])
})

test('E7: only the correct password learns that the address is not verified or the account is disabled', async () => {
  const { unverified = '', disabled = '' } = await addressesOfEverySort()

  expect(await api.post('/v1/login', { email: unverified, password: 'Wrong-Horse-7' })).toRefuse('invalid_credentials')
  expect(await api.post('/v1/login', { email: unverified, password: PASSWORD })).toRefuse('email_not_verified')
  expect(await api.post('/v1/login', { email: disabled, password: 'Wrong-Horse-7' })).toRefuse('invalid_credentials')
  expect(await api.post('/v1/login', { email: disabled, password: PASSWORD })).toRefuse('account_disabled')
})

test.each([
  ['E1: forgot', '/v1/password/forgot', {}],
  ['E2: signing in', '/v1/login', { password: 'Wrong-Horse-7' }],
  ['E3: registering', '/v1/register', { password: PASSWORD }],
  ['E4: asking for another verification mail', '/v1/email/verify/resend', {}],
])('%s asks the database the same questions about an address of any sort', async (_, path, fields) => {
  const addresses = await addressesOfEverySort()
  // From a network that nobody has signed in from: a guess from the owner's network is counted in one counter less.
  const ask = (email: string) => statementsOf(() => api.post(path, { email, ...fields }, { ip: '203.0.113.7' }))
  await ask(people.newEmail()) // a first connection introduces itself

  const unknown = await ask(addresses['unknown'] ?? '')

  expect(unknown.length).toBeGreaterThan(0)
  for (const [sort, email] of Object.entries(addresses)) {
    expect({ sort, statements: await ask(email) }).toEqual({ sort, statements: unknown })
  }
})
