// Counts the answers to sign-ins and refreshes by status while `migrate` adds a column and an index to a large database that
// a long report is reading. `npm run build && node bench/migrate-under-load.js [EVENTS]`
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '../dist/database/migrate.js'
import { toMigration } from '../dist/database/migrations/migration-files.js'
import { post } from './environment/latchkey.js'
import { emailOf, openAccounts, PASSWORD } from './environment/people.js'
import { withService } from './environment/with-service.js'

const PEOPLE = 3
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

async function measure({ service, sendgrid }) {
  const { databaseUrl } = service
  const reader = new pg.Client({ connectionString: databaseUrl, application_name: 'long report' })
  await reader.connect()
  await reader.query(FILL, [events])
  await openAccounts(service, sendgrid, PEOPLE)
  const counts = {}
  let isOver = false
  const traffic = Array.from({ length: PEOPLE }, (_, number) =>
    useService(service, emailOf(number), counts, () => isOver),
  )
  await wait(1_000)

  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM events LIMIT 1')
  const lines = []
  const began = performance.now()
  const migrating = migrate(databaseUrl, { migrations: MIGRATIONS, report: (line) => lines.push(line) })
  await wait(READER_MS)
  await reader.query('COMMIT')
  await migrating
  const seconds = (performance.now() - began) / 1000
  isOver = true
  await Promise.all(traffic)

  await reader.end()
  process.stdout.write(
    `${events} events: migrated in ${seconds.toFixed(1)} s, of which the reader lasted ${READER_MS / 1000} s, with ${lines.length} reports of ` +
      `waiting; answers by status: ${JSON.stringify(counts)}\n`,
  )
}

/** Signs in and refreshes until it is over. */
async function useService(service, email, counts, isOver) {
  while (!isOver()) {
    const signIn = await post(service, '/v1/login', { email, password: PASSWORD })
    count(counts, 'sign-in', signIn)
    const { refreshToken } = await signIn.json()
    const refresh = await post(service, '/v1/token/refresh', { refreshToken })
    count(counts, 'refresh', refresh)
    await refresh.arrayBuffer()
  }
}

function count(counts, what, { status }) {
  const name = `${what} ${status}`
  counts[name] = (counts[name] ?? 0) + 1
}
