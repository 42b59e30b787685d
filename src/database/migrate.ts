import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { DatabasePool } from './connection/database-pool.ts'
import type { SessionLimits } from './connection/session-settings.ts'
import { applyMigration } from './migrations/apply-migration.ts'
import { grantServiceRole } from './migrations/grant-service-role.ts'
import { assertOnlyInstallation, createSchema } from './migrations/installation.ts'
import { MigrationRefused, type Report, watchLocks } from './migrations/lock-waits.ts'
import { migrateQueue } from './migrations/migrate-queue.ts'
import { type Migration, readMigrations } from './migrations/migration-files.ts'
import { type MigrationStatus, readStatus } from './migrations/migration-status.ts'

/** An advisory lock, held by the one process that migrates. */
const MIGRATION_LOCK = 7_166_438
const TRY_LOCK_EVERY_MS = 250

/**
 * A statement has no limit, because an index may take hours to build. The lock limit applies to every statement that
 * does not set its own `lock_timeout`.
 */
const MIGRATION_LIMITS = { statementMs: 0, lockMs: 1_000, idleInTransactionMs: 0 }
/** Limits for reading the status of the migrations, which needs no locks. */
const STATUS_LIMITS = { statementMs: 4_000, lockMs: 2_500, idleInTransactionMs: 6_000 }

interface MigrateOptions {
  /** Receives a line for each session that a migration has to wait for. */
  readonly report?: Report
  /** The migrations in the order in which they are applied. Default: the files in prisma/migrations. */
  readonly migrations?: readonly Migration[]
}

/**
 * Brings a database up to date: the tables of the service with the migrations in prisma/migrations, the tables of the
 * queue with graphile-worker's own migrations. If several processes call this at the same time, one migrates and the
 * others wait.
 *
 * @throws {MigrationRefused}
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  const { report = () => undefined, migrations = await readMigrations() } = options
  return withClient(databaseUrl, { limits: MIGRATION_LIMITS, needsSessions: true }, async (client, pool) => {
    await takeMigrationLock(client, report)
    await createSchema(client, await pool.schema())
    await assertOnlyInstallation(client)
    const { pending, failed } = await readStatus(client, migrations)
    if (failed.length > 0) {
      throw new MigrationRefused(
        `Migration ${failed[0]} failed before. Repair the database, then run "prisma migrate resolve".`,
      )
    }
    const ahead = migrations.filter(({ name }) => pending.includes(name))
    if (ahead.length > 0) {
      await withLockWatch(client, pool, report, async () => {
        for (const migration of ahead) await applyMigration(client, migration, report)
      })
    }
    await migrateQueue(pool, report)
    return { applied: pending }
  })
}

/**
 * Reads the status of the migrations, like `prisma migrate status`, and whether the queue exists.
 *
 * @param needsSessions Whether a pooler in transaction mode is refused as well.
 * @throws {DatabaseRefused | MigrationRefused} if the service cannot run on the database in DATABASE_URL.
 */
export async function migrationStatus(
  databaseUrl: string,
  { needsSessions = false }: { needsSessions?: boolean } = {},
): Promise<MigrationStatus> {
  const migrations = await readMigrations()
  return withClient(databaseUrl, { limits: STATUS_LIMITS, needsSessions }, async (client) => {
    await assertOnlyInstallation(client)
    return readStatus(client, migrations)
  })
}

/** Grants `role` what the service needs to run on this database without owning the tables. */
export async function grantRights(databaseUrl: string, role: string): Promise<void> {
  const options = { limits: STATUS_LIMITS, needsSessions: true }
  await withClient(databaseUrl, options, (client) => grantServiceRole(client, role))
}

/**
 * Tries to take the lock until it succeeds. A statement that waits for the lock would block CREATE INDEX CONCURRENTLY,
 * which waits for every older statement.
 */
async function takeMigrationLock(client: pg.ClientBase, report: Report): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      MIGRATION_LOCK,
    ])
    if (rows[0]?.taken) return
    if (tries === 0) report('Another process is migrating this database. Waiting for it.')
    await wait(TRY_LOCK_EVERY_MS)
  }
}

async function withLockWatch(
  client: pg.ClientBase,
  pool: DatabasePool,
  report: Report,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const watcher = await pool.connect()
  const watch = watchLocks(watcher, rows[0]?.pid ?? 0, report)
  try {
    await work()
  } finally {
    await watch.stop()
    watcher.release()
  }
}

interface MigrationPool {
  readonly limits: SessionLimits
  readonly needsSessions: boolean
}

async function withClient<T>(
  databaseUrl: string,
  options: MigrationPool,
  work: (client: pg.ClientBase, pool: DatabasePool) => Promise<T>,
): Promise<T> {
  return withPool(databaseUrl, options, async (pool) => {
    const client = await pool.connect()
    try {
      return await work(client, pool)
    } finally {
      client.release(true) // closing the connection also releases the advisory lock
    }
  })
}

async function withPool<T>(
  databaseUrl: string,
  { limits, needsSessions }: MigrationPool,
  work: (pool: DatabasePool) => Promise<T>,
): Promise<T> {
  const pool = new DatabasePool(databaseUrl, {
    limits,
    needsSessions,
    size: MOST_CONNECTIONS,
    applicationName: 'latchkey migrate',
    ...(limits.statementMs > 0 && { queryTimeoutMs: limits.statementMs + 2_000 }),
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

/** One connection migrates. The other watches the locks that the first one waits for. */
const MOST_CONNECTIONS = 2
