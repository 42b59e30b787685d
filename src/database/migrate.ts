import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runMigrations } from 'graphile-worker'
import pg from 'pg'
import { withSchemaEngine } from './schema-engine.ts'

export interface MigrationStatus {
  applied: string[]
  pending: string[]
  /** Begun by the Prisma command line and not finished; ours happen as a whole or not at all. */
  failed: string[]
  /** Applied, and changed in the folder since. */
  edited: string[]
}

// Two levels up from src/database as from dist/database.
const PRISMA_FOLDER = new URL('../../prisma/', import.meta.url)
const MIGRATIONS_FOLDER = new URL('migrations/', PRISMA_FOLDER)

/** Held by the one process that migrates; any other waits for it, and then finds nothing left to do. */
const MIGRATION_LOCK = 7_166_438

const NO_FILTERS = { externalTables: [], externalEnums: [] }

/** Brings a database up to date: our tables through Prisma's engine, the queue's through graphile-worker's own. */
export async function migrate(databaseUrl: string): Promise<{ applied: string[] }> {
  return withConnection(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const { pending, failed } = await readStatus(client)
    if (failed.length > 0) {
      throw new Error(
        `Migration ${failed[0]} failed half-way before: repair the database, then \`prisma migrate resolve\``,
      )
    }
    if (pending.length > 0) await applyMigrations(databaseUrl)
    await runMigrations({ connectionString: databaseUrl })
    return { applied: pending }
  })
}

/** What `prisma migrate status` tells, from the same table and without its engine. */
export async function migrationStatus(databaseUrl: string): Promise<MigrationStatus> {
  return withConnection(databaseUrl, readStatus)
}

/** The SQL that would bring the database to prisma/schema.prisma: '' if they agree. */
export async function schemaDrift(databaseUrl: string): Promise<string> {
  const schema = new URL('schema.prisma', PRISMA_FOLDER)
  const files = [{ path: fileURLToPath(schema), content: await readFile(schema, 'utf8') }]
  const { stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: fileURLToPath(PRISMA_FOLDER) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: NO_FILTERS,
    }),
  )
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim()
}

async function withConnection<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'latchkey migrate' })
  client.on('error', () => undefined) // the query in hand fails too
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function readStatus(client: pg.Client): Promise<MigrationStatus> {
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`,
  )
  const { rows } = table.rows[0]?.exists
    ? await client.query<{ name: string; checksum: string; finished: boolean }>(
        `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
         FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
      )
    : { rows: [] }
  const recorded = new Map(rows.map((row) => [row.name, row]))
  const migrations = await readMigrations()
  const pending = migrations.filter(({ name }) => !recorded.has(name)).map(({ name }) => name)
  return {
    applied: rows.filter((row) => row.finished).map((row) => row.name),
    pending: pending.length > 0 || (await hasQueue(client)) ? pending : ['graphile_worker'],
    failed: rows.filter((row) => !row.finished).map((row) => row.name),
    edited: migrations.filter((each) => isEdited(each, recorded.get(each.name))).map(({ name }) => name),
  }
}

/** The Prisma command line knows nothing of the queue: after it, all of ours may be there, and that not. */
async function hasQueue(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('graphile_worker.jobs') IS NOT NULL AS exists`,
  )
  return rows[0]?.exists === true
}

interface Migration {
  name: string
  sql: string
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(MIGRATIONS_FOLDER, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => ({
      name,
      sql: await readFile(new URL(`${name}/migration.sql`, MIGRATIONS_FOLDER), 'utf8'),
    })),
  )
}

function isEdited(migration: Migration, recorded: { checksum: string } | undefined): boolean {
  return recorded !== undefined && recorded.checksum !== createHash('sha256').update(migration.sql).digest('hex')
}

async function applyMigrations(databaseUrl: string): Promise<void> {
  const lockfile = await readFile(new URL('migration_lock.toml', MIGRATIONS_FOLDER), 'utf8')
  const migrations = await readMigrations()
  await withSchemaEngine(databaseUrl, (engine) =>
    engine.applyMigrations({
      migrationsList: {
        baseDir: fileURLToPath(MIGRATIONS_FOLDER),
        lockfile: { path: 'migration_lock.toml', content: lockfile },
        shadowDbInitScript: '',
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      filters: NO_FILTERS,
    }),
  )
}
