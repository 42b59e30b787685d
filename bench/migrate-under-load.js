// Counts the answers to sign-ins and refreshes by status while `migrate` adds a column and an index to a large database that
// a long report is reading. `npm run build && node bench/migrate-under-load.js [EVENTS]`
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { startEmbeddedPostgres } from '../dist/database/embedded-postgres.js'
import { migrate } from '../dist/database/migrate.js'
import { toMigration } from '../dist/database/migrations/migration-files.js'
import { withService } from './service.js'

const PEOPLE = ['ada@example.com', 'bob@example.com', 'carol@example.com']
const PASSWORD = 'Correct-Horse-7'
const READER_MS = 5_000
const events = Number(process.argv[2] ?? 1_500_000)

const MIGRATIONS = [
  toMigration('20990101000000_column', 'ALTER TABLE "events" ADD COLUMN "label" TEXT;'),
  toMigration('20990101000001_index', 'CREATE INDEX "events_label_idx" ON "events"("type", "at");\n'),
]

const FILL = `INSERT INTO events (id, at, type, outcome, actor_type)
  SELECT gen_random_uuid(), now() - i * interval '10 seconds', 'session.created', 'success', 'system'
  FROM generate_series(1, $1::int) AS i`

await withService({ BCRYPT_COST: '10' }, measure)

async function measure(service) {
  const postgres = await startEmbeddedPostgres({ dataDir: service.dataDir }) // joins the service's own
  const reader = new pg.Client({ connectionString: postgres.url, application_name: 'long report' })
  await reader.connect()
  await reader.query(FILL, [events])
  await service.openAccounts(PEOPLE, PASSWORD)
  const counts = {}
  let isOver = false
  const traffic = PEOPLE.map((email) => useService(service, email, counts, () => isOver))
  await wait(1_000)

  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM events LIMIT 1')
  const lines = []
  const began = performance.now()
  const migrating = migrate(postgres.url, { migrations: MIGRATIONS, report: (line) => lines.push(line) })
  await wait(READER_MS)
  await reader.query('COMMIT')
  await migrating
  const seconds = (performance.now() - began) / 1000
  isOver = true
  await Promise.all(traffic)

  await reader.end()
  await postgres.stop()
  process.stdout.write(
    `${events} events: migrated in ${seconds.toFixed(1)} s, of which the reader lasted ${READER_MS / 1000} s, with ${lines.length} reports of ` +
      `waiting; answers by status: ${JSON.stringify(counts)}\n`,
  )
}

/** Signs in and refreshes until it is over. */
async function useService(service, email, counts, isOver) {
  while (!isOver()) {
    const signIn = await service.post('/v1/login', { email, password: PASSWORD })
    count(counts, 'sign-in', signIn)
    const { refreshToken } = await signIn.json()
    const refresh = await service.post('/v1/token/refresh', { refreshToken })
    count(counts, 'refresh', refresh)
    await refresh.arrayBuffer()
  }
}

function count(counts, what, { status }) {
  const name = `${what} ${status}`
  counts[name] = (counts[name] ?? 0) + 1
}
