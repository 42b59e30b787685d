import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

export interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file in hex, as Prisma records it. */
  readonly checksum: string
  readonly runsInTransaction: boolean
}

/** Three levels up from src/database/migrations and from dist/database/migrations alike. */
export const PRISMA_FOLDER = new URL('../../../prisma/', import.meta.url)

/** The first line of a migration that PostgreSQL refuses to run inside a transaction. */
const WITHOUT_TRANSACTION = /^-- latchkey: without transaction\s*$/m

const MIGRATIONS_FOLDER = new URL('migrations/', PRISMA_FOLDER)

/** Reads the migrations in the order in which they are applied. */
export async function readMigrations(folder: URL = MIGRATIONS_FOLDER): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names
      .sort()
      .map(async (name) => toMigration(name, await readFile(new URL(`${name}/migration.sql`, folder), 'utf8'))),
  )
}

export function toMigration(name: string, sql: string): Migration {
  return {
    name,
    sql,
    checksum: createHash('sha256').update(sql).digest('hex'),
    runsInTransaction: !WITHOUT_TRANSACTION.test(sql.split('\n', 1)[0] ?? ''),
  }
}
