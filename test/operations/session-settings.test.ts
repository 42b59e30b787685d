import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connect } from '../../src/database/client.ts'
import { migrate, migrationStatus } from '../../src/database/migrate.ts'
import { query } from '../support/embedded-server.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase, EMPTY, type TestDatabase } from '../support/test-database.ts'

const ROLE = `hostile_${randomBytes(4).toString('hex')}`

/** Settings that an operator may have made for the role, for the database or in the URL. */
const HOSTILE = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '100',
  TimeZone: 'America/New_York',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'iso_8601',
  bytea_output: 'escape',
  extra_float_digits: '-5',
  default_transaction_isolation: 'serializable',
  transform_null_equals: 'on',
  array_nulls: 'off',
}

const OURS = {
  statement_timeout: '4s',
  lock_timeout: '2500ms',
  idle_in_transaction_session_timeout: '6s',
  idle_session_timeout: '0',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  default_transaction_isolation: 'read committed',
  transform_null_equals: 'off',
  array_nulls: 'on',
}

let database: TestDatabase
let url: URL

beforeAll(async () => {
  database = await createTestDatabase(EMPTY)
  url = new URL(database.url)
  url.username = ROLE
  const name = url.pathname.slice(1)
  await query(database.url, `CREATE ROLE ${ROLE} LOGIN; GRANT CREATE ON DATABASE ${name} TO ${ROLE}`)
  await query(database.url, `CREATE SCHEMA ${ROLE} AUTHORIZATION ${ROLE}`)
  for (const [setting, value] of Object.entries(HOSTILE)) {
    await query(database.url, `ALTER ROLE ${ROLE} SET ${setting} = '${value}'`)
    await query(database.url, `ALTER DATABASE ${name} SET ${setting} = '${value}'`)
  }
})

afterAll(async () => {
  await database.drop()
  const url = new URL(database.url)
  url.pathname = 'postgres'
  await query(url.href, `DROP ROLE ${ROLE}`)
})

async function readSettings(databaseUrl: string): Promise<Record<string, unknown>> {
  const { pool, db } = connect(databaseUrl, { poolSize: 2, onIdleError: () => undefined })
  try {
    const columns = Object.keys(OURS).map((name) => `current_setting('${name}') AS "${name}"`)
    const { rows } = await pool.query(`SELECT ${columns.join(', ')}`)
    return rows[0]
  } finally {
    await db.$disconnect()
    await pool.end()
  }
}

test('every connection has our session settings, whatever the role and the database say', async () => {
  expect(await readSettings(url.href)).toEqual(OURS)
})

test('every connection has our session settings, whatever the URL says', async () => {
  const options = Object.entries(HOSTILE).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)

  expect(await readSettings(`${url.href}&options=${encodeURIComponent(options.join(' '))}`)).toEqual(OURS)
})

test('the service runs in the schema that the search path of its role leads to', async () => {
  await migrate(url.href)
  const { people } = await startTestApp({ databaseUrl: url.href })

  const ada = await people.verified()

  expect((await ada.get('/v1/me')).status).toBe(200)
  expect(await query(database.url, `SELECT email FROM ${ROLE}.accounts`)).toEqual([{ email: ada.email }])
})

test('a second installation in another schema of the same database is refused', async () => {
  const other = `${url.href}&schema=other`

  await expect(migrate(other)).rejects.toThrow(`already installed in the schema "${ROLE}"`)
  await expect(migrationStatus(other)).rejects.toThrow(`already installed in the schema "${ROLE}"`)
})

test('the service runs in the schema that ?schema= names', async () => {
  const own = await createTestDatabase(EMPTY)
  try {
    const named = `${own.url}&schema=login`
    await migrate(named)
    const { people } = await startTestApp({ databaseUrl: named })

    const ada = await people.verified()

    expect((await ada.refresh()).status).toBe(200)
    expect(await query(own.url, 'SELECT email FROM login.accounts')).toEqual([{ email: ada.email }])
    expect((await migrationStatus(named)).pending).toEqual([])
  } finally {
    await own.drop()
  }
})
