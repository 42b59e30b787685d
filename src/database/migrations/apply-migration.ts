import pg from 'pg'
import { buildIndexesConcurrently, runOutsideTransaction } from './build-index.ts'
import { inTransactionWithoutLongWaits, MigrationRefused, type Report, retryWhileLocked } from './lock-waits.ts'
import type { Migration } from './migration-files.ts'

/**
 * Applies one migration and records it as `prisma migrate deploy` would. If it is interrupted, the next run completes
 * it: PostgreSQL rolls the transaction back, and statements outside a transaction can be run again.
 *
 * @throws {MigrationRefused}
 */
export async function applyMigration(client: pg.ClientBase, migration: Migration, report: Report): Promise<void> {
  const what = `Migration ${migration.name}`
  try {
    if (migration.runsInTransaction) {
      // CREATE INDEX CONCURRENTLY waits for all older transactions, but blocks no other statement while it waits.
      await client.query('SET lock_timeout = 0')
      const sql = await retryWhileLocked(what, report, () => buildIndexesConcurrently(client, migration.sql))
      await retryWhileLocked(what, report, () => runInTransaction(client, { ...migration, sql }))
    } else {
      const startedAt = await readClock(client)
      await client.query('SET lock_timeout = 0')
      await retryWhileLocked(what, report, () => runOutsideTransaction(client, migration.sql))
      await record(client, migration, startedAt)
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    throw new MigrationRefused(
      `${what} failed: ${error.severity ?? 'ERROR'}: ${error.message} (SQLSTATE ${error.code})`,
      { cause: error },
    )
  }
}

/** The same table as that of Prisma's schema engine, so that either tool can continue where the other stopped. */
const CREATE_MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`

async function runInTransaction(client: pg.ClientBase, migration: Migration): Promise<void> {
  await inTransactionWithoutLongWaits(client, async () => {
    const startedAt = await readClock(client)
    await client.query(migration.sql)
    await record(client, migration, startedAt)
  })
}

/**
 * Records a migration. A row without `finished_at` comes from an unfinished run of the Prisma command line, and is
 * closed as `migrate resolve` would close it.
 */
async function record(client: pg.ClientBase, { name, checksum }: Migration, startedAt: Date): Promise<void> {
  await client.query(CREATE_MIGRATIONS_TABLE)
  await client.query(
    `UPDATE _prisma_migrations SET rolled_back_at = now()
     WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL`,
    [name],
  )
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     VALUES (gen_random_uuid(), $1, clock_timestamp(), $2, $3, 1)`,
    [checksum, name, startedAt],
  )
}

async function readClock(client: pg.ClientBase): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  if (rows[0] === undefined) throw new Error('The database did not return its time')
  return rows[0].now
}
