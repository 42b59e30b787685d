import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import { toMigration } from '../../src/database/migrations/migration-files.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const { people, databaseUrl, deps } = await startTestApp()
const reader = new pg.Client({ connectionString: databaseUrl, application_name: 'nightly report' })
reader.on('error', () => undefined) // dropping the database ends the connection
await reader.connect()
afterAll(() => reader.end())

const COLUMN = toMigration('20990101000000_column', 'ALTER TABLE "sessions" ADD COLUMN "label" TEXT;')
const INDEX = toMigration(
  '20990101000001_index',
  '-- CreateIndex\nCREATE INDEX "events_label_idx" ON "events"("type", "at");\n',
)
const MARKED = toMigration(
  '20990101000002_marked',
  '-- latchkey: without transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "mails_label_idx" ON "mails"("email", "kind");\n',
)

test('sign-ins and refreshes succeed while migrations wait for a long reader, and the reader is named', async () => {
  const customers = [await people.verified(), await people.verified(), await people.verified()]
  const statuses: number[] = []
  let isOver = false
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await reader.query('SELECT FROM sessions, events LIMIT 1')
  const traffic = customers.map(async (ada) => {
    while (!isOver) {
      statuses.push((await ada.refresh()).status)
      // The session is replaced, because an account has a limited number of them.
      const answer = await ada.api.post('/v1/login', { email: ada.email, password: ada.password })
      statuses.push(answer.status)
      ada.tokens = answer.body
    }
  })
  const lines: string[] = []

  const migrating = migrate(databaseUrl, {
    report: (line) => lines.push(line),
    migrations: [COLUMN, INDEX, MARKED],
  })
  await until(() => lines.filter((line) => line.includes('Trying again')).length >= 3)
  await reader.query('COMMIT')
  const { applied } = await migrating
  isOver = true
  await Promise.all(traffic)

  expect(applied).toEqual([COLUMN.name, INDEX.name, MARKED.name])
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(lines[0]).toMatch(
    /^Waiting for a lock that is held by pid \d+ \(application "nightly report", role "[^"]+", query started \d{4}-/,
  )
  const { rows } = await deps.pool.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid
     WHERE indisvalid AND c.relname LIKE '%label_idx' AND NOT c.relispartition`,
  )
  expect(rows.map(({ name }) => name).sort()).toEqual(['events_label_idx', 'mails_label_idx'])
}, 60_000)

test('an index of a migration is built without blocking writes, although a reader holds it up', async () => {
  const ada = await people.verified()
  const index = toMigration('20990101000003_slow', 'CREATE INDEX "events_slow_idx" ON "events"("type");')
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await reader.query('SELECT FROM events LIMIT 1')
  const lines: string[] = []

  const migrating = migrate(databaseUrl, { report: (line) => lines.push(line), migrations: [index] })
  await until(() => lines.length > 0)
  const written = await ada.api.post('/v1/login', { email: ada.email, password: 'wrong' })
  await reader.query('COMMIT')
  await migrating

  expect(written.status).toBe(401) // the failed sign-in is in `events`
  expect(lines.join('\n')).not.toContain('Trying again')
})

test('a migration killed in the middle of building an index is repaired by the next run', async () => {
  const sql =
    '-- latchkey: without transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "x_idx" ON "accounts"("email");'
  const index = toMigration('20990101000004_killed', sql)
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await reader.query('SELECT FROM accounts LIMIT 1')
  const killed = migrate(databaseUrl, { migrations: [index] }).catch((error: Error) => error)
  await until(() => isThere('x_idx'))

  await endStatement('"x_idx"')
  expect(await killed).toBeInstanceOf(Error)
  await reader.query('COMMIT')
  expect(await isValid('x_idx')).toBe(false)
  expect(await migrate(databaseUrl, { migrations: [index] })).toEqual({ applied: [index.name] })

  expect(await isValid('x_idx')).toBe(true)
})

test('a unique index that the rows contradict leaves nothing behind and says why in one line', async () => {
  await people.verified()
  await people.verified()
  const sql = 'CREATE UNIQUE INDEX "contradicted_idx" ON "sessions"("credential_version");'
  const index = toMigration('20990101000005_contradicted', sql)

  await expect(migrate(databaseUrl, { migrations: [index] })).rejects.toThrow(
    /^Migration 20990101000005_contradicted failed: ERROR: could not create unique index "contradicted_idx"[^\n]*$/,
  )

  expect(await isThere('contradicted_idx')).toBe(false)
})

test('a migration in a transaction that is killed is applied as a whole by the next run', async () => {
  const sql = 'CREATE TABLE "half_done" (id int); SELECT pg_sleep(30); CREATE TABLE "other_half" (id int);'
  const killed = migrate(databaseUrl, { migrations: [toMigration('20990101000006_half', sql)] }).catch(
    (error: Error) => error,
  )
  await until(() => isRunning('half_done'))
  await endStatement('half_done')
  expect(await killed).toBeInstanceOf(Error)
  expect(await isThere('half_done')).toBe(false)

  const repaired = toMigration('20990101000006_half', sql.replace('SELECT pg_sleep(30);', ''))
  expect(await migrate(databaseUrl, { migrations: [repaired] })).toEqual({ applied: [repaired.name] })

  expect(await isThere('other_half')).toBe(true)
})

async function isThere(relation: string): Promise<boolean> {
  const { rows } = await deps.pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [relation])
  return rows[0]?.there === true
}

async function isValid(index: string): Promise<boolean> {
  const { rows } = await deps.pool.query<{ valid: boolean }>(
    'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [index],
  )
  return rows[0]?.valid === true
}

async function isRunning(text: string): Promise<boolean> {
  const { rows } = await deps.pool.query(
    `SELECT FROM pg_stat_activity
     WHERE application_name = 'latchkey migrate' AND state = 'active' AND strpos(query, $1) > 0`,
    [text],
  )
  return rows.length > 0
}

async function endStatement(text: string): Promise<void> {
  await deps.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'latchkey migrate' AND state = 'active' AND strpos(query, $1) > 0`,
    [text],
  )
}
