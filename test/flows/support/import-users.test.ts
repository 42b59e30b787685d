import { expect, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import '../../support/matchers.ts'
import { type ImportRow, importUsers, type RefusedRow } from '../../../src/domain/support/import/import-users.ts'
import type { NewUserInput } from '../../../src/domain/support/import/new-user.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

async function runImport(users: readonly NewUserInput[], options: { dryRun?: boolean } = {}) {
  const refused: RefusedRow[] = []
  async function* rows(): AsyncGenerator<ImportRow> {
    for (const [index, user] of users.entries()) yield { line: index + 1, user }
  }
  const { imported, alreadyThere } = await importUsers(deps, {
    rows: rows(),
    by: { actor: { operator: 'ada' }, origin: null },
    dryRun: options.dryRun ?? false,
    onBatch: (rows) => void refused.push(...rows),
  })
  return { imported, alreadyThere, refused: refused.map(({ line, code }) => [line, code]) }
}

/** So many people nobody has imported before. */
function newUsers(many: number): NewUserInput[] {
  return Array.from({ length: many }, () => ({ email: people.newEmail('imported'), emailVerified: true }))
}

const HASH = `$2b$12$${'a'.repeat(53)}`

test('an import opens an account a line, whose person signs in with the old password', async () => {
  const email = people.newEmail()
  const passwordHash = await bcrypt.hash('Imported-Pass-1', 4)
  const createdAt = '2019-03-04T05:06:07Z'

  const result = await runImport([{ email, passwordHash, emailVerified: true, createdAt }, ...newUsers(3)])

  expect(result).toEqual({ imported: 4, alreadyThere: 0, refused: [] })
  expect(await api.post('/v1/login', { email, password: 'Imported-Pass-1' })).toHaveStatus(200)
  const { body } = await desk.get(`/users?email=${email}`)
  expect(body.users).toMatchObject([{ createdAt: '2019-03-04T05:06:07.000Z', emailVerified: true }])
  const trail = (await desk.get(`/users/${body.users[0].id}/events`)).body.events
  expect(trail.at(-1)).toMatchObject({ type: 'account.created', actor: { type: 'system', id: 'ada' } })
})

test('an import may carry the language of a person, and recognises its own line again', async () => {
  const [plain, german] = newUsers(2).map((user, index) => (index === 1 ? { ...user, locale: 'de-at' } : user))
  const users = [plain, german].filter((user) => user !== undefined)

  const [first, again] = [await runImport(users), await runImport(users)]

  expect(first).toEqual({ imported: 2, alreadyThere: 0, refused: [] })
  expect(again).toEqual({ imported: 0, alreadyThere: 2, refused: [] })
  expect((await desk.get(`/users?email=${german?.email}`)).body.users).toMatchObject([{ locale: 'de-AT' }])
  expect((await desk.get(`/users?email=${plain?.email}`)).body.users).toMatchObject([{ locale: null }])
  expect(await runImport([{ email: people.newEmail(), locale: 'de_AT' }])).toMatchObject({
    refused: [[1, 'invalid_request']],
  })
})

test('run again, an import changes nothing, even where people have moved on since', async () => {
  const passwordHash = await bcrypt.hash('Imported-Pass-1', 4)
  const users = newUsers(5).map((user) => ({ ...user, passwordHash }))
  await runImport(users)
  const [moved, upgraded] = users.map(({ email }) => email)
  const { body: tokens } = await api.post('/v1/login', { email: moved, password: 'Imported-Pass-1' })
  await api.post('/v1/login', { email: upgraded, password: 'Imported-Pass-1' })
  const next = people.newEmail()
  const change = { newEmail: next, currentPassword: 'Imported-Pass-1' }
  await api.post('/v1/email/change', change, { token: tokens.accessToken })
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })
  const before = await deps.db.account.findMany({ orderBy: { id: 'asc' } })

  const again = await runImport(users)

  expect(again).toEqual({ imported: 0, alreadyThere: 5, refused: [] })
  expect(await deps.db.account.findMany({ orderBy: { id: 'asc' } })).toEqual(before)
})

test('a line is refused for what is wrong with it, and the others go in', async () => {
  const ada = await people.verified()
  const sound = newUsers(2)

  const result = await runImport([
    { email: 'not an address' },
    ...sound,
    { email: ada.email },
    { email: people.newEmail(), passwordHash: `$2b$31$${'a'.repeat(53)}` },
    { email: people.newEmail(), createdAt: '2999-01-01T00:00:00Z' },
  ])

  expect(result).toEqual({
    imported: 2,
    alreadyThere: 0,
    refused: [
      [1, 'invalid_email'],
      [4, 'email_unavailable'],
      [5, 'invalid_password_hash'],
      [6, 'invalid_request'],
    ],
  })
})

test('the same person with another date is another description, and refused', async () => {
  const email = people.newEmail('imported')
  const on = (createdAt: string) => ({ email, createdAt })

  await runImport([on('2019-03-04T05:06:07Z')])
  const again = await runImport([on('2019-03-04T05:06:07Z'), on('2020-01-01T00:00:00Z'), { email }])

  expect(again).toEqual({
    imported: 0,
    alreadyThere: 1,
    refused: [
      [2, 'email_unavailable'],
      [3, 'email_unavailable'],
    ],
  })
})

test('a line that could not be read is refused with what is wrong with it, and counted', async () => {
  const totals: unknown[] = []
  async function* rows(): AsyncGenerator<ImportRow> {
    const violation = { field: 'passwort', rule: 'unknown', message: 'This field is unknown.' }
    yield { line: 1, violations: [violation], fields: { email: 'a@import.example' } }
    yield { line: 2, user: newUsers(1)[0] as NewUserInput }
    yield { line: 3, user: { email: 'not an address' } }
  }
  const reports: RefusedRow[] = []

  await importUsers(deps, {
    rows: rows(),
    by: { actor: { operator: 'ada' }, origin: null },
    dryRun: false,
    onBatch: (refused, total) => {
      reports.push(...refused)
      totals.push({ ...total })
    },
  })

  expect(totals).toEqual([{ imported: 1, alreadyThere: 0, refused: 2, weakHashes: 0 }])
  expect(reports).toEqual([
    {
      line: 1,
      email: 'a@import.example',
      code: 'invalid_request',
      reason: 'passwort: This field is unknown.',
    },
    { line: 3, email: 'not an address', code: 'invalid_email', reason: expect.stringMatching(/^email: /) },
  ])
})

test('a batch that fails for another reason stops the import, dry or not', async () => {
  await deps.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON accounts EXECUTE FUNCTION refuse()`)
  try {
    for (const dryRun of [false, true]) await expect(runImport(newUsers(1), { dryRun })).rejects.toThrow('not today')
  } finally {
    await deps.pool.query('DROP FUNCTION refuse CASCADE')
  }
})

test('an address that stands in the file twice goes in once; with other values the second is refused', async () => {
  const [twice, differently] = newUsers(2) as [NewUserInput, NewUserInput]

  const result = await runImport([twice, differently, twice, { ...differently, passwordHash: HASH }])

  expect(result).toEqual({ imported: 2, alreadyThere: 1, refused: [[4, 'email_unavailable']] })
})

test('a line with an erased person’s address brings nobody back', async () => {
  const [user] = newUsers(1) as [NewUserInput]
  await runImport([user])
  await desk.delete(`/users/${await desk.idOf(user.email)}`)

  const again = await runImport([user])

  expect(again).toEqual({ imported: 0, alreadyThere: 0, refused: [[1, 'email_unavailable']] })
})

test('a registration that waits for an imported address is over', async () => {
  const [user] = newUsers(1) as [NewUserInput]
  await api.post('/v1/register', { email: user.email, password: 'Attacker-Pass-1' })
  const link = await mailbox.token(user.email, 'verify_email')

  await runImport([user])

  expect((await api.post('/v1/email/verify', { token: link })).status).toBeGreaterThanOrEqual(400)
  expect(await api.post('/v1/login', { email: user.email, password: 'Attacker-Pass-1' })).toRefuse(
    'invalid_credentials',
  )
})

test('more lines than a batch holds are imported all the same, once each', async () => {
  const users = newUsers(2_500)

  const first = await runImport(users)
  const again = await runImport(users)

  expect(first).toEqual({ imported: 2_500, alreadyThere: 0, refused: [] })
  expect(again).toEqual({ imported: 0, alreadyThere: 2_500, refused: [] })
})

test('two imports of one file at once import each line once', async () => {
  const users = newUsers(1_500)

  const both = await Promise.all([runImport(users), runImport(users.toReversed())])

  expect(both[0].imported + both[1].imported).toBe(1_500)
  expect(both.flatMap(({ refused }) => refused)).toEqual([])
})

test('a dry run says exactly what the import then does, duplicates in later batches included, and leaves nothing', async () => {
  const ada = await people.verified()
  const users = newUsers(1_200)
  const [first, second] = users as [NewUserInput, NewUserInput]
  const taken = { email: ada.email }
  const file = [taken, ...users, { email: 'broken' }, first, { ...second, passwordHash: HASH }, taken]
  const before = await deps.db.account.count()

  const rehearsed = await runImport(file, { dryRun: true })
  const after = await deps.db.account.count()
  const done = await runImport(file)

  expect(after).toBe(before)
  expect(rehearsed).toEqual(done)
  expect(done).toEqual({
    imported: 1_200,
    alreadyThere: 1,
    refused: [
      [1, 'email_unavailable'],
      [1_202, 'invalid_email'],
      [1_204, 'email_unavailable'],
      [1_205, 'email_unavailable'],
    ],
  })
})
