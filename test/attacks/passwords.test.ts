import { afterAll, beforeEach, expect, jest, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

/** The costs of the bcrypt calls that were made; the calls themselves are real. */
const paid: number[] = []
const { hash, compare } = bcrypt
jest.spyOn(bcrypt, 'hash').mockImplementation((secret, cost) => {
  paid.push(Number(cost))
  return hash(secret, cost)
})
jest.spyOn(bcrypt, 'compare').mockImplementation((secret, passwordHash) => {
  paid.push(Number(passwordHash.slice(4, 6)))
  return compare(secret, passwordHash)
})
afterAll(() => void jest.restoreAllMocks())

const COST = 6
const { api, clock, databaseUrl, deps, mailbox, people, logIn } = await startTestApp({ bcryptCost: COST })
const NEW = 'Battery-Staple-8'

beforeEach(() => {
  paid.length = 0
})

/** In units of one bcrypt round. */
function workDone(): number {
  return paid.splice(0).reduce((sum, cost) => sum + 2 ** cost, 0)
}

function change(person: Person, currentPassword: string, newPassword: string): Promise<Answer> {
  return person.post('/v1/password/change', { currentPassword, newPassword })
}

async function withHash(passwordHash: string | null): Promise<Person> {
  const person = await people.verified()
  await deps.db.account.updateMany({ where: { email: person.email }, data: { passwordHash } })
  return person
}

async function hashOf(email: string): Promise<string> {
  return (await deps.db.account.findFirstOrThrow({ where: { email } })).passwordHash ?? ''
}

test('P1: passwords that differ only after the 72nd byte are different passwords', async () => {
  const stem = `Aa1!${'x'.repeat(123)}`
  const ada = await people.verified({ password: `${stem}y` })

  expect([...ada.password]).toHaveLength(128)
  expect(await logIn(ada.email, `${stem}z`)).toRefuse('invalid_credentials')
  expect(await logIn(ada.email, stem)).toRefuse('invalid_credentials')
  expect(await logIn(ada.email, ada.password.slice(0, 72))).toRefuse('invalid_credentials')
  expect(await logIn(ada.email, ada.password)).toHaveStatus(200)
})

test('P1: a password may be 128 emoji, and the last one counts', async () => {
  const stem = `Aa1${'🔑'.repeat(124)}`
  const ada = await people.verified({ password: `${stem}🔒` })

  expect(Buffer.byteLength(ada.password)).toBe(503)
  expect(await logIn(ada.email, `${stem}🔓`)).toRefuse('invalid_credentials')
  expect(await logIn(ada.email, `${stem}🔒`)).toHaveStatus(200)
  const longer = await api.post('/v1/register', { email: people.newEmail(), password: `${stem}🔒🔒` })
  expect(longer).toRefuse('password_policy')
  expect(longer.body.violations).toMatchObject([{ rule: 'max_length' }])
})

test('P1: NUL and a lone surrogate are refused on every route that takes a password', async () => {
  const ada = await people.verified()
  await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')
  workDone()

  for (const password of ['Aa1!aaaa\u0000b', '\u0000', 'Aa1!aaaa\ud800', '\udc00Aa1!aaaa']) {
    const answers = [
      await api.post('/v1/register', { email: people.newEmail(), password }),
      await logIn(ada.email, password),
      await api.post('/v1/password/check', { password }),
      await api.post('/v1/password/reset', { token, newPassword: password }),
      await change(ada, ada.password, password),
      await change(ada, password, NEW),
      await ada.post('/v1/reauthenticate', { currentPassword: password }),
    ]
    for (const answer of answers) expect(answer).toRefuse('invalid_request')
  }
  expect(workDone()).toBe(0)
})

test('P2: a password of 1 MB is refused before it is read, and one of 16 kB before it is hashed', async () => {
  const ada = await people.verified()
  await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')
  workDone()
  const routes = (password: string) => [
    () => api.post('/v1/register', { email: people.newEmail(), password }),
    () => logIn(ada.email, password),
    () => logIn(people.newEmail(), password),
    () => api.post('/v1/password/reset', { token, newPassword: password }),
    () => change(ada, ada.password, password),
    () => change(ada, password, NEW),
    () => ada.post('/v1/reauthenticate', { currentPassword: password }),
    () => ada.post('/v1/email/change', { newEmail: people.newEmail(), currentPassword: password }),
  ]

  for (const ask of routes(`Aa1!${'x'.repeat(1_000_000)}`)) expect(await ask()).toRefuse('payload_too_large')
  const long = await Promise.all(
    Array.from({ length: 25 }, () => routes(`Aa1!${'x'.repeat(15_000)}`))
      .flat()
      .map((ask) => ask()),
  )

  for (const answer of long) expect(answer).toRefuse('password_policy')
  expect(workDone()).toBe(0)
  expect(await logIn(ada.email, ada.password)).toHaveStatus(200) // nor was any of it counted as a guess
})

test('P2: the length of a password is measured after normalization to NFC', async () => {
  const threefold = '\u{1D160}' // one code point, three in NFC
  const password = `Aa1!${threefold.repeat(42)}`

  const answer = await api.post('/v1/password/check', { password })

  expect(answer.body.violations).toMatchObject([{ rule: 'max_length' }])
})

/** A password that breaks exactly these of the five rules; the ideograph is a letter of no case and counts for length only. */
function breaking(rules: string[]): string {
  const characters = { uppercase: 'A', lowercase: 'a', number: '1', special: '!' }
  const kept = Object.entries(characters).flatMap(([rule, character]) => (rules.includes(rule) ? [] : [character]))
  return kept.join('').padEnd(rules.includes('min_length') ? 7 : 8, '字')
}

test('P3: for each of the 32 combinations of the five rules, the answer names exactly the broken rules', async () => {
  const rules = ['min_length', 'uppercase', 'lowercase', 'number', 'special']
  const ada = await people.verified()
  await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')

  for (let subset = 1; subset < 32; subset += 1) {
    const broken = rules.filter((_, index) => subset & (1 << index))
    const password = breaking(broken)
    const checked = await api.post('/v1/password/check', { password })
    const refused = [
      { field: 'password', answer: await api.post('/v1/register', { email: people.newEmail(), password }) },
      { field: 'newPassword', answer: await change(ada, ada.password, password) },
      { field: 'newPassword', answer: await api.post('/v1/password/reset', { token, newPassword: password }) },
    ]

    expect(checked.body.acceptable).toBe(false)
    expect(checked.body.violations.map(({ rule }: { rule: string }) => rule)).toEqual(broken)
    for (const { field, answer } of refused) {
      expect(answer).toRefuse('password_policy')
      expect(answer.body.violations).toEqual(
        broken.map((rule) => ({ field, rule, message: expect.stringMatching(/\.$/) })),
      )
    }
  }
  expect((await api.post('/v1/password/check', { password: breaking([]) })).body).toEqual({
    acceptable: true,
    violations: [],
    unchecked: ['not_email', 'not_current'],
  })
})

test.each([
  ['Cyrillic', 'Ключик-7'],
  ['Greek', 'Κλειδί-7'],
  ['Arabic-Indic digits', 'Abcdefg-٧'],
  ['a space for special', 'Abcdef 7'],
  ['an emoji for special', 'Abcdef7🔑'],
  ['a combining accent for special', 'Abcdef7q\u0301'],
])('P3: a password that meets the rules with %s is accepted', async (_, password) => {
  const { body } = await api.post('/v1/password/check', { password })

  expect(body).toMatchObject({ acceptable: true, violations: [] })
})

test('P4: a password with composed accents and one with decomposed accents are the same', async () => {
  const composed = 'Caf\u00e9-Horse-7'
  const ada = await people.verified({ password: composed })

  expect(await logIn(ada.email, composed.normalize('NFD'))).toHaveStatus(200)
  const same = await change(ada, composed, composed.normalize('NFD'))
  expect(same.body.violations).toMatchObject([{ rule: 'not_current' }])
})

test.each([
  ['a ligature and its letters', '\uFB01sh-Horse-A7', 'fish-Horse-A7'],
  ['full-width and plain letters', '\uFF21ast-Horse-7', 'Aast-Horse-7'],
  ['upper and lower case', 'Correct-Horse-7', 'correct-Horse-7'],
  ['a space at the end and none', 'Correct-Horse-7 ', 'Correct-Horse-7'],
  ['one space and two', 'Correct Horse 7', 'Correct  Horse 7'],
  ['Latin and Cyrillic а', 'Correct-Hоrse-7a', 'Correct-Hоrse-7\u0430'],
])('P4: %s make different passwords', async (_, password, other) => {
  const ada = await people.verified({ password })

  expect(await logIn(ada.email, other)).toRefuse('invalid_credentials')
  expect(await logIn(ada.email, password)).toHaveStatus(200)
})

test.each(['2a', '2b', '2y'])(
  'P6: an imported $%s$ hash accepts its password and is then replaced',
  async (version) => {
    const imported = (await bcrypt.hash('Imported-Horse-7', 4)).replace('$2b$', `$${version}$`)
    const ada = await withHash(imported)

    expect(await logIn(ada.email, 'Wrong-Horse-7')).toRefuse('invalid_credentials')
    expect(await hashOf(ada.email)).toBe(imported)
    expect(await logIn(ada.email, 'Imported-Horse-7')).toHaveStatus(200)
    expect(await hashOf(ada.email)).toMatch(/^v1\$[^$]+\$2b\$06\$/)
    expect(await logIn(ada.email, 'Imported-Horse-7')).toHaveStatus(200)
  },
)

test('P6: two concurrent sign-ins with an imported hash both succeed, and the hash is replaced', async () => {
  const ada = await withHash(await bcrypt.hash('Imported-Horse-7', 4))

  const answers = await Promise.all([logIn(ada.email, 'Imported-Horse-7'), logIn(ada.email, 'Imported-Horse-7')])

  for (const answer of answers) expect(answer).toHaveStatus(200)
  expect(await hashOf(ada.email)).toMatch(/^v1\$/)
})

test('P6: replacing an imported hash revokes no session', async () => {
  const ada = await withHash(await bcrypt.hash('Imported-Horse-7', 4))

  await logIn(ada.email, 'Imported-Horse-7')

  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await ada.refresh()).toHaveStatus(200)
})

test('P8: a wrong password costs the same work whatever is known about the address', async () => {
  const disabled = await people.verified()
  await deps.db.account.updateMany({ where: { email: disabled.email }, data: { disabledAt: clock.now() } })
  const unverified = people.newEmail()
  await api.post('/v1/register', { email: unverified, password: NEW })
  const registeredTwice = await people.verified()
  await api.post('/v1/register', { email: registeredTwice.email, password: NEW })
  const addresses = {
    unknown: people.newEmail(),
    impossible: 'not an address',
    known: (await people.verified()).email,
    'known, and registered again': registeredTwice.email,
    unverified,
    disabled: disabled.email,
    'with a hash from before BCRYPT_COST was raised': (await withHash(await bcrypt.hash(NEW, COST - 2))).email,
    'without a password': (await withHash(null)).email,
  }

  for (const [sort, email] of Object.entries(addresses)) {
    workDone()
    expect(await logIn(email, 'Wrong-Horse-7')).toRefuse('invalid_credentials')
    expect({ sort, work: workDone() }).toEqual({ sort, work: 2 * 2 ** COST })
  }
})

test.each(['$2b$', '$2y$'])(
  'P8: while a %s hash costs more than BCRYPT_COST, a wrong password costs the same work for every address',
  async (prefix) => {
    const hash = prefix + (await bcrypt.hash('Imported-Horse-7', COST + 2)).slice(4)
    const { email: costly } = await withHash(hash)
    const { email: known } = await people.verified()
    const workOf = async (email: string) => {
      workDone()
      expect(await logIn(email, 'Wrong-Horse-7')).toRefuse('invalid_credentials')
      return workDone()
    }

    const whileItIsThere = [await workOf(costly), await workOf(known), await workOf(people.newEmail())]
    expect(await logIn(costly, 'Imported-Horse-7')).toHaveStatus(200)
    const afterwards = [await workOf(costly), await workOf(known), await workOf(people.newEmail())]

    expect(whileItIsThere).toEqual(Array(3).fill(2 * 2 ** (COST + 2)))
    expect(afterwards).toEqual(Array(3).fill(2 * 2 ** COST))
  },
)

test('P8: a hash that was made before BCRYPT_COST was lowered is replaced at sign-in', async () => {
  const dear = await startTestApp({ bcryptCost: COST + 1, databaseUrl })
  const { email } = await dear.people.verified()
  expect(await hashOf(email)).toContain('$2b$07$')

  expect(await logIn(email, 'Correct-Horse-7')).toHaveStatus(200)

  expect(await hashOf(email)).toContain('$2b$06$')
})

test('P8: a registration costs the same work whether the address is free or in use', async () => {
  const ada = await people.verified()

  for (const email of [people.newEmail(), ada.email]) {
    workDone()
    await api.post('/v1/register', { email, password: NEW })
    expect(workDone()).toBe(2 ** COST)
  }
})
