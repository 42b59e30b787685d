import type pg from 'pg'
import type { Migration } from './migration-files.ts'

export interface MigrationStatus {
  applied: string[]
  pending: string[]
  /** Migrations that the Prisma command line began and did not finish, and that cannot simply be run again. */
  failed: string[]
  /** Migrations whose file has changed since they were applied. */
  edited: string[]
}

/**
 * The schema of the job queue, whose tables graphile-worker creates. In lists of migrations, the name stands for
 * graphile-worker's own migrations.
 */
export const QUEUE = 'graphile_worker'

interface RecordedMigration {
  name: string
  checksum: string
  finished: boolean
}

/** Compares the migrations with `_prisma_migrations`, the table in which the Prisma command line records them. */
export async function readStatus(client: pg.ClientBase, migrations: readonly Migration[]): Promise<MigrationStatus> {
  const recorded = await readRecorded(client)
  const byName = new Map(recorded.map((row) => [row.name, row]))
  const isPending = ({ name, runsInTransaction }: Migration) => {
    const row = byName.get(name)
    return row === undefined || (!row.finished && !runsInTransaction)
  }
  const pending = migrations.filter(isPending).map(({ name }) => name)
  return {
    applied: recorded.filter(({ finished }) => finished).map(({ name }) => name),
    pending: pending.length > 0 || (await hasQueue(client)) ? pending : [QUEUE],
    failed: recorded.filter(({ finished, name }) => !finished && !pending.includes(name)).map(({ name }) => name),
    edited: migrations
      .filter(({ name, checksum }) => byName.has(name) && byName.get(name)?.checksum !== checksum)
      .map(({ name }) => name),
  }
}

async function readRecorded(client: pg.ClientBase): Promise<RecordedMigration[]> {
  if (!(await exists(client, '_prisma_migrations'))) return []
  const { rows } = await client.query<RecordedMigration>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  )
  return rows
}

/**
 * Whether the queue exists. After `prisma migrate deploy` it is missing, because the Prisma command line does not
 * create it.
 */
async function hasQueue(client: pg.ClientBase): Promise<boolean> {
  return exists(client, `${QUEUE}.jobs`)
}

async function exists(client: pg.ClientBase, relation: string): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [relation])
  return rows[0]?.exists === true
}
