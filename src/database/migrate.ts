import { setTimeout as wait } from 'node:timers/promises'
import { runMigrations } from 'graphile-worker'
import pg from 'pg'
import { applyMigration } from './migrations/apply-migration.ts'
import { grantServiceRole } from './migrations/grant-service-role.ts'
import { MigrationRefused, type Report, retryWhileLocked, watchLocks } from './migrations/lock-waits.ts'
import { type Migration, readMigrations } from './migrations/migration-files.ts'
import { type MigrationStatus, QUEUE, readStatus } from './migrations/migration-status.ts'

/** An advisory lock, held by the one process that migrates. */
const MIGRATION_LOCK = 7_166_438
const ASK_FOR_LOCK_EVERY_MS = 250

/** For the queue's migrations, which are not ours to bound statement by statement. */
const QUEUE_LOCK_TIMEOUT_MS = 1_000

const CONNECT_TIMEOUT_MS = 5_000

interface MigrateOptions {
  /** Receives a line for each session that a migration has to wait for. */
  readonly report?: Report
  /** In the order in which they are applied; the files in prisma/migrations where left out. */
  readonly migrations?: readonly Migration[]
}

/**
 * Brings a database up to date: our tables by the migrations in prisma/migrations, the queue's by graphile-worker's own.
 * Of several processes that do so at once, one migrates and the others wait for it.
 *
 * @throws {MigrationRefused}
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  const { report = () => undefined, migrations = await readMigrations() } = options
  return withConnection(databaseUrl, async (client) => {
    await takeMigrationLock(client, report)
    const { pending, failed } = await readStatus(client, migrations)
    if (failed.length > 0) {
      throw new MigrationRefused(
        `Migration ${failed[0]} failed half-way before. Repair the database, then run "prisma migrate resolve".`,
      )
    }
    await withLockWatch(databaseUrl, client, report, async () => {
      for (const migration of migrations)
        if (pending.includes(migration.name)) await applyMigration(client, migration, report)
    })
    await migrateQueue(databaseUrl, report)
    return { applied: pending }
  })
}

/** What `prisma migrate status` would tell, and whether the queue is there. */
export async function migrationStatus(databaseUrl: string): Promise<MigrationStatus> {
  const migrations = await readMigrations()
  return withConnection(databaseUrl, (client) => readStatus(client, migrations))
}

/** Grants `role` what the service needs to run on this database without owning the tables. */
export async function grantRights(databaseUrl: string, role: string): Promise<void> {
  await withConnection(databaseUrl, (client) => grantServiceRole(client, role))
}

/** Asks again and again: a statement that waited for the lock would hold up the building of indexes, which waits for it. */
async function takeMigrationLock(client: pg.Client, report: Report): Promise<void> {
  for (let asked = 0; ; asked += 1) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      MIGRATION_LOCK,
    ])
    if (rows[0]?.taken) return
    if (asked === 0) report('Another process is migrating this database: waiting for it')
    await wait(ASK_FOR_LOCK_EVERY_MS)
  }
}

async function withLockWatch(
  databaseUrl: string,
  client: pg.Client,
  report: Report,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await withConnection(databaseUrl, async (watcher) => {
    const watch = watchLocks(watcher, rows[0]?.pid ?? 0, report)
    try {
      await work()
    } finally {
      await watch.stop()
    }
  })
}

async function migrateQueue(databaseUrl: string, report: Report): Promise<void> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 2,
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    onConnect: async (client) => void (await client.query(`SET lock_timeout = ${QUEUE_LOCK_TIMEOUT_MS}`)),
  })
  // A connection that is lost fails the query in hand; without listeners it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await retryWhileLocked(`The migrations of ${QUEUE}`, report, () => runMigrations({ pgPool: pool }))
  } finally {
    await pool.end()
  }
}

const APPLICATION_NAME = 'latchkey migrate'

async function withConnection<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  client.on('error', () => undefined) // the query in hand fails too
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
