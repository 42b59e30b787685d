import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { migrate, migrationStatus } from '../../src/database/migrate.ts'
import { readMigrations } from '../../src/database/migrations/migration-files.ts'
import { schemaDrift } from '../../src/database/migrations/schema-drift.ts'
import { createTestDatabase, EMPTY, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

const NOW = new Date('2026-11-23T12:00:00Z')
const BCRYPT = `$2b$12$${'a'.repeat(53)}`

/** Inserts a row in which only `columns` matter; all other required columns get arbitrary values. */
async function insert(table: string, columns: Record<string, unknown>): Promise<void> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL`,
    [table],
  )
  const madeUp: Record<string, unknown> = { uuid: randomUUID(), integer: 1, jsonb: '{}', text: randomUUID() }
  const row = Object.fromEntries(rows.map(({ name, type }) => [name, madeUp[type] ?? NOW]))
  const entries = Object.entries({ ...row, ...columns })
  const names = entries.map(([name]) => name).join(', ')
  const places = entries.map((_, index) => `$${index + 1}`).join(', ')
  await client.query(
    `INSERT INTO ${table} (${names}) VALUES (${places})`,
    entries.map(([, value]) => value),
  )
}

async function account(): Promise<string> {
  const id = randomUUID()
  await insert('accounts', { id })
  return id
}

test('schema.prisma and the migrations agree', async () => {
  expect(await schemaDrift(database.url)).toBe('')
})

test.each([
  ['a column that was dropped', 'ALTER TABLE accounts DROP COLUMN disabled_at', 'ADD COLUMN     "disabled_at"'],
  ['an index that was dropped', 'DROP INDEX sessions_expires_at_idx', 'CREATE INDEX "sessions_expires_at_idx"'],
  [
    'a partial index with another predicate',
    `DROP INDEX keys_one_current_per_purpose;
     CREATE UNIQUE INDEX keys_one_current_per_purpose ON keys (purpose) WHERE state = 'next'`,
    'CREATE UNIQUE INDEX "keys_one_current_per_purpose"',
  ],
  ['a table too many', 'CREATE TABLE extra (id int PRIMARY KEY)', 'DROP TABLE "extra"'],
  [
    'a foreign key with another action',
    `ALTER TABLE addresses DROP CONSTRAINT addresses_account_id_fkey, ADD CONSTRAINT addresses_account_id_fkey
       FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE ON UPDATE CASCADE`,
    'ON DELETE SET NULL',
  ],
])('the comparison of the schema with the migrations finds %s', async (_, change, repair) => {
  await client.query(change)

  expect(await schemaDrift(database.url)).toContain(repair)
})

test('a database that is up to date is left alone', async () => {
  expect(await migrate(database.url)).toEqual({ applied: [] })
})

test('two that migrate one empty database at once do it once', async () => {
  const empty = await createTestDatabase(EMPTY)
  try {
    const before = await migrationStatus(empty.url)
    expect(before).toEqual({
      applied: [],
      pending: expect.arrayContaining(['20261123000000_init']),
      failed: [],
      edited: [],
    })

    const both = await Promise.all([migrate(empty.url), migrate(empty.url)])

    expect(both.flatMap(({ applied }) => applied).sort()).toEqual(before.pending)
    expect(await migrationStatus(empty.url)).toEqual({ applied: before.pending, pending: [], failed: [], edited: [] })
  } finally {
    await empty.drop()
  }
})

test('a migration that was changed after it was applied is named', async () => {
  await client.query(`UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE migration_name LIKE '%_init'`)

  expect((await migrationStatus(database.url)).edited).toEqual(['20261123000000_init'])
})

test('a migration the Prisma command line left half-way stops ours, with its name', async () => {
  await client.query(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%_init'`)

  expect((await migrationStatus(database.url)).failed).toEqual(['20261123000000_init'])
  await expect(migrate(database.url)).rejects.toThrow(/^Migration 20261123000000_init failed before/)
})

test('a migration that fails leaves nothing behind, not even a mark, and says why in one line', async () => {
  const empty = await createTestDatabase(EMPTY)
  const inTheWay = new pg.Client({ connectionString: empty.url })
  await inTheWay.connect()
  try {
    // The failure is at the end of the script, so everything before it must be undone.
    await inTheWay.query('CREATE FUNCTION events_refuse_change() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$')

    await expect(migrate(empty.url)).rejects.toThrow(
      /^Migration 20261123000000_init failed: ERROR: function "events_refuse_change" already exists[^\n]*$/,
    )

    const tables = await inTheWay.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)
    expect(tables.rowCount).toBe(0)
    await inTheWay.query('DROP FUNCTION events_refuse_change')
    expect((await migrate(empty.url)).applied).toContain('20261123000000_init')
  } finally {
    await inTheWay.end()
    await empty.drop()
  }
})

test('a current address has an account, and a locked one a reason', async () => {
  const accountId = await account()
  await insert('addresses', { account_id: accountId })
  await insert('addresses', { account_id: null, locked_at: NOW, lock_reason: 'erased' })

  await expect(insert('addresses', { account_id: null })).rejects.toThrow('addresses_current_has_account')
  await expect(insert('addresses', { account_id: accountId, locked_at: NOW })).rejects.toThrow(
    'addresses_lock_has_reason',
  )
  await expect(insert('addresses', { account_id: await account(), lock_reason: 'left' })).rejects.toThrow(
    'addresses_lock_has_reason',
  )
})

test.each(['accounts', 'registrations'])('%s holds bcrypt hashes and nothing else as passwords', async (table) => {
  await insert(table, { password_hash: BCRYPT })
  await insert(table, { password_hash: `v1$p_1${BCRYPT}` })

  for (const wrong of [
    'correct horse battery',
    '',
    'v1$p_1$hunter2',
    `${BCRYPT}\n`,
    `v2$p_1${BCRYPT}`,
    `v1$${BCRYPT}x`,
  ]) {
    await expect(insert(table, { password_hash: wrong })).rejects.toThrow(`${table}_password_hash_scheme`)
  }
})

test.each([
  ['mails', 'state', 'mails_state_known'],
  ['keys', 'state', 'keys_state_known'],
  ['mailed_tokens', 'purpose', 'mailed_tokens_purpose_known'],
  ['mail_events', 'type', 'mail_events_type_known'],
  ['suppressed_addresses', 'reason', 'suppressed_addresses_reason_known'],
  ['security_event_deliveries', 'state', 'security_event_deliveries_state_known'],
])('%s.%s is one of a closed list', async (table, column, constraint) => {
  await expect(insert(table, { [column]: 'misspelt' })).rejects.toThrow(constraint)
})

test('an e-mail change is confirmed or ended, never both', async () => {
  const accountId = await account()

  const both = insert('email_changes', { account_id: accountId, confirmed_at: NOW, ended_at: NOW })

  await expect(both).rejects.toThrow('email_changes_confirmed_or_ended')
})

const CHANGES = [`UPDATE events SET type = 'x'`, 'DELETE FROM events', 'TRUNCATE events']

test.each(CHANGES)('the audit trail refuses %s, and the retention purge may', async (statement) => {
  await insert('events', { type: 'account.registered' })

  await expect(client.query(statement)).rejects.toThrow('events is append-only')

  await client.query('BEGIN')
  await client.query(`SET LOCAL latchkey.retention = 'on'`)
  await client.query(statement)
  await client.query('COMMIT')
  await expect(client.query(statement)).rejects.toThrow('events is append-only')
})

test('a database that the Prisma command line brought up to date still lacks the queue, and is told so', async () => {
  await client.query('DROP SCHEMA graphile_worker CASCADE')

  expect((await migrationStatus(database.url)).pending).toEqual(['graphile_worker'])
  expect(await migrate(database.url)).toEqual({ applied: ['graphile_worker'] })
  expect((await migrationStatus(database.url)).pending).toEqual([])
})

test('a migration that runs outside a transaction is one statement that can be run again', async () => {
  const marked = (await readMigrations()).filter(({ runsInTransaction }) => !runsInTransaction)

  for (const { name, sql } of marked) {
    const statements = sql.replace(/^--.*$/gm, '').split(';')
    expect([name, statements.filter((statement) => statement.trim() !== '')]).toEqual([
      name,
      [expect.stringMatching(/IF (NOT )?EXISTS|VALIDATE CONSTRAINT/)],
    ])
  }
})
