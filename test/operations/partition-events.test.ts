import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import { readMigrations } from '../../src/database/migrations/migration-files.ts'
import { addPartitions } from '../../src/worker/add-partitions.ts'
import { query } from '../support/embedded-server.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase, EMPTY } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const migrations = await readMigrations()
const earlier = migrations.slice(
  0,
  migrations.findIndex(({ name }) => name.endsWith('_events_before_partitions')),
)

const dropAll: Array<() => Promise<void>> = []
afterAll(async () => {
  for (const drop of dropAll) await drop()
})

/** A database of the version before `events` was partitioned. */
async function createEarlierDatabase(): Promise<string> {
  const database = await createTestDatabase(EMPTY)
  dropAll.push(() => database.drop())
  await migrate(database.url, { migrations: earlier })
  return database.url
}

test('the audit trail is partitioned while people sign in and a report reads it, and no event is lost', async () => {
  const url = await createEarlierDatabase()
  const { people } = await startTestApp({ databaseUrl: url })
  const customers = [await people.verified(), await people.verified()]
  const recorded = await query(url, 'SELECT id FROM events ORDER BY id')
  const report = new pg.Client({ connectionString: url })
  report.on('error', () => undefined) // dropping the database ends the connection
  await report.connect()
  await report.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM events LIMIT 1')
  const statuses: number[] = []
  let isOver = false
  const traffic = customers.map(async (ada) => {
    while (!isOver) {
      const answer = await ada.api.post('/v1/login', { email: ada.email, password: ada.password })
      statuses.push(answer.status)
      ada.tokens = answer.body
      statuses.push((await ada.refresh()).status)
    }
  })
  const lines: string[] = []

  const migrating = migrate(url, { report: (line) => lines.push(line) })
  await until(() => lines.some((line) => line.includes('Trying again')))
  await report.query('COMMIT')
  const { applied } = await migrating
  const before = statuses.length
  await until(() => statuses.length > before + 4)
  isOver = true
  await Promise.all(traffic)
  await report.end()

  expect(applied).toContain('20261126060002_partition_events')
  expect(new Set(statuses)).toEqual(new Set([200]))
  const kept = await query(url, 'SELECT id FROM events ORDER BY id')
  expect(kept.slice(0, recorded.length)).toEqual(recorded)
  const logins = await query(
    url,
    `SELECT count(*)::int AS count FROM events WHERE type = 'login' AND outcome = 'success'`,
  )
  expect(logins).toEqual([{ count: customers.length + statuses.length / 2 }])
}, 60_000)

test('a trail with an id that is no UUIDv7 becomes one partition without an end, and the service works on it', async () => {
  const url = await createEarlierDatabase()
  await query(
    url,
    `INSERT INTO events (id, at, type, outcome, actor_type)
     VALUES ('f47ac10b-58cc-4372-a567-0e02b2c3d479', now(), 'imported', 'success', 'system')`,
  )

  await migrate(url)

  const { people, deps } = await startTestApp({ databaseUrl: url })
  await addPartitions(deps)
  expect((await (await people.verified()).refresh()).status).toBe(200)
  expect(await query(url, "SELECT count(*)::int AS count FROM partitions_of('events')")).toEqual([{ count: 1 }])
  expect(await query(url, `SELECT type FROM ONLY events_first WHERE type = 'imported'`)).toHaveLength(1)
})

test('the grants on the audit trail hold after it is partitioned', async () => {
  const url = await createEarlierDatabase()
  await query(url, 'GRANT SELECT ON events TO pg_monitor')

  await migrate(url)

  const granted = `has_table_privilege('pg_monitor', inhrelid, 'SELECT')`
  expect(await query(url, `SELECT has_table_privilege('pg_monitor', 'events', 'SELECT') AS granted`)).toEqual([
    { granted: true },
  ])
  expect(
    await query(url, `SELECT bool_and(${granted}) AS granted FROM pg_inherits WHERE inhparent = 'events'::regclass`),
  ).toEqual([{ granted: true }])
})
