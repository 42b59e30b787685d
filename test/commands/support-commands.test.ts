import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import '../support/matchers.ts'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { latchkey, latchkeyKilledWhen, latchkeyProcess } from '../support/command-line.ts'
import { temporaryDataDir } from '../support/embedded-server.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'
import { startTestApp } from '../support/test-app.ts'

const SECRET_KEY = 'a secret key for tests, 32 bytes or more'
const testApp = await startTestApp({ env: { SECRET_KEY } })
const { api, deps, people, mailbox, databaseUrl } = testApp
const desk = await openSupportDesk(testApp)
const env = { DATABASE_URL: databaseUrl, SECRET_KEY }
const folder = await temporaryFolder('latchkey-test-import-')
afterAll(() => rm(folder, { recursive: true, force: true }))
const HASH = `$2b$12$${'a'.repeat(53)}`

async function fileOf(name: string, lines: readonly (string | Buffer)[]): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(
    file,
    Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]))),
  )
  return file
}

async function readReport(file: string): Promise<unknown[]> {
  const lines = (await readFile(`${file}.refused.ndjson`, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

test('users import reads a file line by line, and writes down the lines refused and why', async () => {
  const mark = '\ufeff'
  const file = await fileOf('mixed.ndjson', [
    `${mark}${JSON.stringify({ email: 'first@import.example', passwordHash: HASH, emailVerified: true })}\r`,
    '',
    '{"email":"second@import.example"}',
    '{"email":"third@import.example","password":"Correct-Horse-7"}',
    '{"email":',
    '{"emailVerified":true}',
    '["a@import.example"]',
    '{"email":"a@import.example","email":"b@import.example"}',
    Buffer.from([0x22, 0xff, 0x22]),
    `{"email":"long@import.example","createdAt":"${'x'.repeat(20_000)}"}`,
    '{"email":"fourth@import.example","emailVerified":"yes"}',
    '{"email":"last@import.example"}',
  ])

  const { exitCode, stdout } = await latchkey(['users', 'import', file, '--json'], env)

  expect(JSON.parse(stdout)).toMatchObject({
    imported: 3,
    alreadyThere: 0,
    refused: 8,
    report: `${file}.refused.ndjson`,
  })
  expect(exitCode).toBe(1)
  expect(await readReport(file)).toMatchObject([
    {
      line: 4,
      email: 'third@import.example',
      code: 'invalid_request',
      reason: 'password: This field is unknown.',
    },
    { line: 5, code: 'invalid_request' },
    { line: 6, reason: expect.stringMatching(/^email: /) },
    { line: 7 },
    { line: 8 },
    { line: 9 },
    { line: 10 },
    { line: 11, reason: expect.stringMatching(/^emailVerified: /) },
  ])
  expect(await readFile(`${file}.refused.ndjson`, 'utf8')).not.toContain('Correct-Horse-7')
  expect((await stat(`${file}.refused.ndjson`)).mode & 0o777).toBe(0o600)
  expect(await desk.idOf('last@import.example')).toEqual(expect.any(String))
})

test('a run without refusals leaves no report, an earlier one’s neither, and exits with 0', async () => {
  const file = await fileOf('sound.ndjson', ['{"email":"sound@import.example"}'])
  await writeFile(`${file}.refused.ndjson`, 'of yesterday')

  const { exitCode, stdout, stderr } = await latchkey(['users', 'import', file], env)

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' }) // no bar where nobody watches
  expect(stdout).toMatch(/^1 imported, 0 there already, 0 refused, in [\d.]+ s\n$/)
  await expect(stat(`${file}.refused.ndjson`)).rejects.toThrow('ENOENT')
})

test('a dry run imports nothing and says so', async () => {
  const file = await fileOf('dry.ndjson', ['{"email":"dry@import.example"}'])

  const { exitCode, stdout } = await latchkey(['users', 'import', file, '--dry-run'], env)

  expect(stdout).toMatch(/^Dry run: 1 imported/)
  expect(exitCode).toBe(0)
  expect(await desk.addressState('dry@import.example')).toBe('free')
})

test('killed with kill -9 again and again in the middle, and run again: complete, and nothing twice', async () => {
  const many = 6_000
  const file = await fileOf(
    'killed.ndjson',
    Array.from({ length: many }, (_, number) =>
      JSON.stringify({ email: `p${number}@killed.example`, passwordHash: HASH }),
    ),
  )
  const count = async () => await deps.db.address.count({ where: { address: { endsWith: '@killed.example' } } })
  const progress: number[] = []
  for (const share of [0.1, 0.35, 0.6]) {
    await latchkeyKilledWhen(async () => (await count()) >= many * share, ['users', 'import', file], env)
    progress.push(await count())
  }

  const { stdout, exitCode } = await latchkeyProcess(['users', 'import', file, '--json'], env)

  const { imported, alreadyThere, refused } = JSON.parse(stdout)
  expect(progress.every((there) => there > 0 && there < many)).toBe(true) // it was the middle
  expect({ exitCode, refused, total: imported + alreadyThere }).toEqual({ exitCode: 0, refused: 0, total: many })
  expect(imported).toBe(many - Number(progress.at(-1)))
  const { rows } = await deps.pool.query(
    `SELECT count(*)::int AS accounts, count(DISTINCT a.email)::int AS emails,
       (SELECT count(*)::int FROM addresses WHERE address LIKE '%@killed.example') AS addresses,
       (SELECT count(*)::int FROM events e JOIN accounts b ON b.id = e.account_id
        WHERE b.email LIKE '%@killed.example' AND e.type = 'account.created') AS events
     FROM accounts a WHERE a.email LIKE '%@killed.example'`,
  )
  expect(rows).toEqual([{ accounts: many, emails: many, addresses: many, events: many }])
}, 120_000)

test('users show tells who has an address, or had it', async () => {
  const ada = await people.verified()
  const next = people.newEmail()
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })

  const shown = await latchkey(['users', 'show', ada.email], env)
  const asJson = await latchkey(['users', 'show', next, '--json'], env)
  const nobody = await latchkey(['users', 'show', people.newEmail()], env)

  expect(shown.stdout).toContain(`address: ${ada.email} locked email_changed`)
  expect(JSON.parse(asJson.stdout).users).toMatchObject([{ id: await desk.idOf(next), email: next, hasPassword: true }])
  expect([shown, asJson, nobody].map(({ exitCode }) => exitCode)).toEqual([0, 0, 1])
  expect(nobody.stderr).toMatch(/^No account has, or had, /)
})

test('the audit trail names the operator who created, rotated and disabled a service client', async () => {
  const created = await latchkey(['clients', 'create', '--name', 'Audited', '--scope', 'users:read', '--json'], env)
  const { clientId } = JSON.parse(created.stdout)
  await latchkey(['clients', 'rotate-secret', clientId], env)
  await latchkey(['clients', 'disable', clientId], env)

  const events = await deps.db.event.findMany({
    where: { details: { path: ['clientId'], equals: clientId } },
    orderBy: { id: 'asc' },
    select: { type: true, actorType: true, actorId: true },
  })

  const operator = { actorType: 'system', actorId: userInfo().username }
  expect(events).toEqual([
    { type: 'service_client.created', ...operator },
    { type: 'service_client.secret_rotated', ...operator },
    { type: 'service_client.disabled', ...operator },
  ])
})

test('addresses unlock frees a locked address, and the audit trail says who did it and why', async () => {
  const ada = await people.verified()
  const next = people.newEmail()
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })

  const first = await latchkey(['addresses', 'unlock', ada.email, '--reason', 'Ticket 12'], env)
  const second = await latchkey(['addresses', 'unlock', ada.email, '--json'], env)

  expect(first).toEqual({ exitCode: 0, stdout: `${ada.email} is free.\n`, stderr: '' })
  expect({ ...second, stdout: JSON.parse(second.stdout) }).toMatchObject({
    exitCode: 1,
    stdout: { error: 'not_found' },
  })
  const { body } = await desk.get(`/users/${await desk.idOf(next)}/events?limit=1`)
  expect(body.events[0]).toMatchObject({
    type: 'address.unlocked',
    actor: { type: 'system', id: expect.stringMatching(/./) },
    details: { reason: 'Ticket 12' },
  })
})

test.each([
  [['users', 'import']],
  [['users', 'import', '/no/such/file.ndjson']],
  [['users', 'import', 'package.json', '--report', 'package.json']],
  [['users', 'show']],
  [['users', 'list']],
  [['addresses', 'unlock', 'a@example.com', '--force']],
])('wrong use is exit code 2 and one line: %j', async (args) => {
  const { exitCode, stdout, stderr } = await latchkey(args, env)

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^error: [^\n]+\n$/)
})

test.each([[['users', 'import', '--help']], [['users', 'show', '--help']], [['addresses', 'unlock', '--help']]])(
  '%j explains itself',
  async (args) => {
    const { exitCode, stdout } = await latchkey(args, env)

    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Usage: latchkey /)
  },
)

test('what is no address is refused, not looked for', async () => {
  const { exitCode, stderr } = await latchkey(['users', 'show', 'not-an-address'], env)

  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Enter a valid email address, like ada@example.com.\n' })
})

test('the commands work on the embedded database, beside whoever uses it', async () => {
  const { dataDir, discard } = await temporaryDataDir()
  const service = await startEmbeddedPostgres({ dataDir })
  const file = await fileOf('embedded.ndjson', ['{"email":"ada@embedded.example"}'])
  const embedded = { DATA_DIR: dataDir }
  try {
    const imported = await latchkeyProcess(['users', 'import', file], embedded)
    const shown = await latchkey(['users', 'show', 'ada@embedded.example'], embedded)
    const client = new pg.Client({ connectionString: service.url })
    await client.connect() // nobody stopped it for leaving
    const { rows } = await client.query('SELECT email FROM accounts')
    await client.end()

    expect([imported.exitCode, shown.exitCode]).toEqual([0, 0])
    expect(rows).toEqual([{ email: 'ada@embedded.example' }])
  } finally {
    await service.stop()
    await discard()
  }
})
