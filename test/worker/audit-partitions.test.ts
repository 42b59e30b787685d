import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { grantRights } from '../../src/database/migrate.ts'
import { addPartitions } from '../../src/worker/add-partitions.ts'
import { purgeAuditTrail } from '../../src/worker/purge-audit-trail.ts'
import { query } from '../support/embedded-server.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

const service = await startTestApp({ env: { AUDIT_RETENTION_DAYS: '30' } })
const { databaseUrl } = service
const owner = new pg.Client({ connectionString: databaseUrl })
owner.on('error', () => undefined) // dropping the database ends the connection
await owner.connect()

/** A role that owns no table, as `latchkey migrate --grant` prepares it. */
const ROLE = `service_${randomBytes(4).toString('hex')}`
await owner.query(`CREATE ROLE ${ROLE} LOGIN`)
await grantRights(databaseUrl, ROLE)
const restricted = new URL(databaseUrl)
restricted.username = ROLE
const { deps, logLines } = await startTestApp({
  databaseUrl: restricted.href,
  env: { AUDIT_RETENTION_DAYS: '30' },
})
afterAll(async () => {
  await owner.end()
  const server = new URL(databaseUrl)
  server.pathname = 'postgres'
  await query(server.href, `DROP ROLE ${ROLE}`) // its grants went with the database
})

/** Lets the first partition begin in March 2025, and gives January and February partitions of their own. */
beforeAll(async () => {
  const { rows } = await owner.query<{ upper: string }>(
    `SELECT upper FROM partitions_of('events') WHERE partition = 'events_first'::regclass`,
  )
  await owner.query(`
    ALTER TABLE events DETACH PARTITION events_first;
    CREATE TABLE events_2025_01 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('${await firstId('2025-02-01')}');
    CREATE TABLE events_2025_02 PARTITION OF events
      FOR VALUES FROM ('${await firstId('2025-02-01')}') TO ('${await firstId('2025-03-01')}');
    ALTER TABLE events ATTACH PARTITION events_first
      FOR VALUES FROM ('${await firstId('2025-03-01')}') TO ('${rows[0]?.upper}');
    SELECT furnish_partition('events', 'events_2025_01'), furnish_partition('events', 'events_2025_02')`)
})

async function firstId(time: string): Promise<string> {
  const { rows } = await owner.query<{ id: string }>('SELECT first_id_at($1) AS id', [time])
  return rows[0]?.id ?? ''
}

/** Records events whose ids are of the time `idAt`, as those of a process with a wrong clock may be. */
async function record(count: number, at: string, idAt = at): Promise<void> {
  await owner.query(
    `INSERT INTO events (id, at, type, outcome, actor_type)
     SELECT overlay(first_id_at($2)::text PLACING to_char(i, 'FM000000000000') FROM 25)::uuid, $1, 'login', 'success', 'system'
     FROM generate_series(1, $3::int) AS i`,
    [at, idAt, count],
  )
}

async function partitions(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

async function count(table: string): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
  return rows[0]?.count ?? 0
}

test('a service that owns no table drops the months that are older than AUDIT_RETENTION_DAYS, and keeps to the day', async () => {
  await record(20, '2025-01-10')
  await record(10, '2025-02-10')
  await record(1, new Date(Date.now() - 29 * 86_400_000).toISOString(), '2025-02-11') // a wrong clock made the id
  await record(5, new Date(Date.now() - 31 * 86_400_000).toISOString())
  await record(5, new Date(Date.now() - 29 * 86_400_000).toISOString())

  await purgeAuditTrail(deps)

  expect(await partitions()).not.toContain('events_2025_01')
  expect(await count('events_2025_02')).toBe(1)
  expect(await count(`events WHERE at < now() - interval '30 days'`)).toBe(0)
  expect(await count(`events WHERE at < now() - interval '28 days'`)).toBe(6)
})

test('while the trail is being read, no month is dropped, and old events are deleted all the same', async () => {
  await record(10, '2025-02-12')
  const reader = new pg.Client({ connectionString: databaseUrl })
  await reader.connect()
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM events LIMIT 1')
  await owner.query(
    `SET latchkey.retention = 'on'; DELETE FROM events_2025_02 WHERE at > '2025-03-01'; RESET latchkey.retention`,
  )

  await purgeAuditTrail(deps)

  await reader.query('COMMIT')
  await reader.end()
  expect(await partitions()).toContain('events_2025_02')
  expect(await count('events_2025_02')).toBe(0)
  expect(logLines.join('')).toContain('a partition of the audit trail could not be dropped')
})

test('a service that owns no table adds the partitions of the next months, with the grants and the trigger', async () => {
  const [last] = (await partitions()).filter((name) => /^events_\d/.test(name)).reverse()
  await owner.query(`DROP TABLE ${last}`)

  await addPartitions(deps)

  expect(await partitions()).toContain(last)
  await expect(owner.query(`DELETE FROM ${last}`)).rejects.toThrow('events is append-only')
  const { rows } = await deps.pool.query(`SELECT has_table_privilege('${last}', 'INSERT') AS granted`)
  expect(rows).toEqual([{ granted: true }])
})

test('an event whose month has no partition is kept and found, and later months get partitions', async () => {
  const [last, previous] = (await partitions()).filter((name) => /^events_\d/.test(name)).reverse()
  await owner.query(`DROP TABLE ${last}; DROP TABLE ${previous}`)
  const desk = await openSupportDesk(service)
  const ada = await service.people.verified()
  const id = await desk.idOf(ada.email)
  const month = `${previous?.slice(-7).replace('_', '-')}-15`
  await owner.query(
    `INSERT INTO events (id, at, type, outcome, account_id, actor_type)
     VALUES (first_id_at($1), now(), 'from.the.future', 'success', $2, 'system')`,
    [month, id],
  )

  await addPartitions(deps)

  expect(await count('events_default')).toBe(1)
  expect(await partitions()).toContain(last)
  expect(await partitions()).not.toContain(previous)
  expect(await desk.trailOf(id)).toContain('from.the.future')
})

test.each(['UPDATE', 'DELETE', 'TRUNCATE'])(
  'no partition can be changed by %s on the partition itself',
  async (verb) => {
    for (const name of await partitions()) {
      const statement = {
        UPDATE: `UPDATE ${name} SET ip = NULL`,
        DELETE: `DELETE FROM ${name}`,
        TRUNCATE: `TRUNCATE ${name}`,
      }[verb]
      await expect(owner.query(statement ?? '')).rejects.toThrow('events is append-only')
    }
  },
)

test('the function that drops a month refuses without the setting of the retention', async () => {
  await expect(deps.pool.query(`SELECT drop_event_partition(now())`)).rejects.toThrow('events is append-only')
})
