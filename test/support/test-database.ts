import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** Writes files and no WAL, which is four times faster. PostgreSQL 14, which may be the server that was named, does not know the word. */
const STRATEGY = process.env['TEST_DATABASE_URL'] ? '' : 'STRATEGY file_copy'

/** PostgreSQL's own template, which is completely empty. */
export const EMPTY = 'template0'

/** Creates a database as a copy of the migrated template. */
export async function createTestDatabase(template = setting('LATCHKEY_TEST_TEMPLATE')): Promise<TestDatabase> {
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`
  await copy(template, name)
  const url = new URL(setting('LATCHKEY_TEST_SERVER'))
  url.pathname = name
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function copy(template: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await onServer(`CREATE DATABASE ${name} TEMPLATE ${template} ${STRATEGY}`)
    } catch (error) {
      // 55006: the template is being accessed by other users. Autovacuum is one of them on a server that was named.
      if ((error as pg.DatabaseError).code !== '55006' || attempt === 20) throw error
      await sleep(50 * attempt)
    }
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: setting('LATCHKEY_TEST_SERVER') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function setting(name: 'LATCHKEY_TEST_SERVER' | 'LATCHKEY_TEST_TEMPLATE'): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by test/support/global-setup.ts: run the tests through Jest`)
  return value
}
