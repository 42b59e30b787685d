import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, jest, test } from '@jest/globals'
import { latchkey } from '../support/command-line.ts'
import { startTestApp } from '../support/test-app.ts'

jest.setTimeout(120_000)

const SECRET_KEY = 'a secret key for tests, 32 bytes or more'
const { deps, people, databaseUrl } = await startTestApp({ env: { SECRET_KEY } })
const folder = await mkdtemp(join(tmpdir(), 'latchkey-import-'))

async function importFile(content: string, ...options: string[]) {
  const file = join(folder, `${people.newEmail()}.ndjson`)
  await writeFile(file, content)
  const result = await latchkey(['users', 'import', file, ...options], { DATABASE_URL: databaseUrl, SECRET_KEY })
  return { ...result, file }
}

const accounts = () => deps.db.account.count()

test('a file that is one JSON array is refused as a whole', async () => {
  const users = [{ email: people.newEmail() }, { email: people.newEmail() }]
  const before = await accounts()

  const pretty = await importFile(JSON.stringify(users, null, 2))
  const lines = await importFile(`[\n${users.map((user) => JSON.stringify(user)).join('\n,')}\n]`)

  for (const { exitCode, stderr } of [pretty, lines]) {
    expect(exitCode).toBe(1)
    expect(stderr).toContain('is one JSON array')
  }
  expect(await accounts()).toBe(before)
})

test('a report that cannot be written is noticed before the first account is imported', async () => {
  const before = await accounts()

  const { exitCode } = await importFile(JSON.stringify({ email: people.newEmail() }), '--report', '/no/such/folder/x')

  expect(exitCode).toBe(2)
  expect(await accounts()).toBe(before)
})

test('a field that is null counts as absent, and a run without refusals leaves no report', async () => {
  const email = people.newEmail()

  const { exitCode, file } = await importFile(
    JSON.stringify({ email, passwordHash: null, createdAt: null, disabled: null }),
  )

  expect(exitCode).toBe(0)
  expect(await deps.db.account.count({ where: { email } })).toBe(1)
  await expect(access(`${file}.refused.ndjson`)).rejects.toThrow('ENOENT')
})

test('a refused line is in the report', async () => {
  const { exitCode, file } = await importFile(JSON.stringify({ email: 'not an address' }))

  expect(exitCode).toBe(1)
  expect(await readFile(`${file}.refused.ndjson`, 'utf8')).toContain('invalid_email')
})

test('the report has every problem of a line', async () => {
  const { file } = await importFile(
    JSON.stringify({
      email: 'not an address',
      passwordHash: 'md5:0cc175b9c0f1b6a8',
      createdAt: '2026-02-30T00:00:00Z',
      emailVerified: 'yes',
      password: 'Correct-Horse-7',
      name: 'Ada',
    }),
  )

  const report = await readFile(`${file}.refused.ndjson`, 'utf8')
  expect(JSON.parse(report)).toMatchObject({ line: 1, email: 'not an address', code: 'invalid_request' })
  const { reason } = JSON.parse(report)
  for (const problem of [
    'password: This field is unknown.',
    'name: This field is unknown.',
    'emailVerified: This field must be true or false.',
    'email: Enter a valid email address, like ada@example.com.',
    'passwordHash: The hash must be a bcrypt hash ($2a$, $2b$ or $2y$) with a cost from 4 to 15.',
    'createdAt: This field must be a date and time, like 2026-01-31T09:30:00Z.',
  ]) {
    expect(reason.split(problem)).toHaveLength(2)
  }
  expect(report).not.toMatch(/Correct-Horse-7|md5:/)
})

test('a line without an address is told so together with its other problems', async () => {
  const { file } = await importFile(JSON.stringify({ passwordHash: 'x', createdAt: 7 }))

  const { reason } = JSON.parse(await readFile(`${file}.refused.ndjson`, 'utf8'))

  expect(reason).toContain('email: This field is missing.')
  expect(reason).toContain('createdAt: This field must be a text.')
  expect(reason).toContain('passwordHash: The hash must be a bcrypt hash')
})

test('the summary counts imported hashes that are cheap to guess, and warns of them', async () => {
  const lineOf = (cost: string) =>
    JSON.stringify({ email: people.newEmail(), passwordHash: `$2b$${cost}$${'a'.repeat(53)}` })
  const content = [lineOf('04'), lineOf('09'), lineOf('10'), JSON.stringify({ email: people.newEmail() })].join('\n')

  const rehearsal = await importFile(content, '--dry-run', '--json')
  const text = await importFile(content)
  const again = await importFile(content, '--json')

  expect(JSON.parse(rehearsal.stdout)).toMatchObject({ imported: 4, weakHashes: 2 })
  expect(text.exitCode).toBe(0)
  expect(text.stdout).toContain(
    'Warning: 2 imported password hashes have a bcrypt cost below 10 and are cheap to guess.',
  )
  expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0, alreadyThere: 4, weakHashes: 0 })
})

test('an import that stops early says how many accounts it has imported', async () => {
  await deps.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.email LIKE 'last%') EXECUTE FUNCTION refuse()`)
  const emails = [...Array.from({ length: 1_000 }, () => people.newEmail()), people.newEmail('last')]

  const { exitCode, stderr } = await importFile(emails.map((email) => JSON.stringify({ email })).join('\n'))

  await deps.pool.query('DROP FUNCTION refuse CASCADE')
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(
    /^The import stopped early: 1000 imported, 0 there already, 0 refused\. Run it again to continue\.\n/,
  )
})
