/**
 * npm run migration:new NAME: writes the migration from the newest existing one to prisma/schema.prisma. It compares the two on
 * a temporary database. It is plain JavaScript that uses dist, because Node 20 does not run TypeScript: build first.
 * Read the migration before you commit it. It cannot contain CHECK constraints or triggers, and a renamed column appears as
 * one that is dropped and one that is added.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedPostgres } from '../dist/database/embedded-postgres.js'
import { migrate } from '../dist/database/migrate.js'
import { schemaDrift } from '../dist/database/migrations/schema-drift.js'

const name = process.argv[2] ?? ''
if (!/^[a-z0-9_]+$/.test(name)) {
  process.stderr.write('Usage: npm run migration:new NAME (lower case, words joined by _: add_account_locale)\n')
  process.exit(1)
}

const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-new-migration-'))
await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
try {
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } })
  try {
    await migrate(server.url)
    await write(await schemaDrift(server.url))
  } finally {
    await server.stop()
  }
} finally {
  await rm(dataDir, { recursive: true, force: true })
}

async function write(sql) {
  if (sql === '') {
    process.stdout.write('prisma/schema.prisma and the migrations agree: nothing to write\n')
    return
  }
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = path.join('prisma', 'migrations', `${timestamp}_${name}`)
  await mkdir(new URL(`../${folder}/`, import.meta.url), { recursive: true })
  await writeFile(new URL(`../${folder}/migration.sql`, import.meta.url), `${sql}\n`)
  process.stdout.write(`${path.join(folder, 'migration.sql')}\n`)
}
