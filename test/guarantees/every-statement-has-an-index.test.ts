import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { endAllLinks } from '../../src/domain/support/recovery/end-all-links.ts'
import { endAllSessions } from '../../src/domain/support/recovery/end-all-sessions.ts'
import { purgeAuditTrail } from '../../src/worker/purge-audit-trail.ts'
import { purgeExpired } from '../../src/worker/purge-expired.ts'
import { createTasks } from '../../src/worker/tasks.ts'
import { query } from '../support/embedded-server.ts'
import { fillDatabase, growingTables } from '../support/filled-database.ts'
import { allNodes, type Plan, Planner, tablesReadWhole } from '../support/query-plans.ts'
import { type RecordedStatement, recordStatements } from '../support/recorded-statements.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import '../support/matchers.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { openSupportDesk, type SupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

/** As many as the installations that Latchkey is built for have. */
const ROWS = 1_000_000
/** In units of the planner. The dearest statement of a request costs about 400, a scan of a million rows more than 10,000. */
const MOST_COST = 2_000

const service = await startTestApp({
  env: {
    RATE_LIMIT_FACTOR: '1000',
    SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY,
    SECURITY_EVENT_URLS: 'http://127.0.0.1:9/nothing-listens-here',
    SECURITY_EVENT_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  },
})
const { api, deps, mailbox, mailer, people, databaseUrl } = service

let sent: ReadonlyMap<string, RecordedStatement>

beforeAll(async () => {
  await fillDatabase(databaseUrl)
  sent = recordStatements()
  await doWhatPeopleDo()
  await doWhatSupportDoes()
  await doWhatServicesDo()
  await doWhatTheWorkerDoesByTheClock()
  await doWhatAnOperatorDoesAfterALeak()
}, 60_000)

async function doWhatPeopleDo(): Promise<void> {
  const ada = await people.verified()
  await api.post('/v1/register', { email: ada.email, password: ada.password })
  await api.post('/v1/email/verify/resend', { email: people.newEmail('unknown') })
  await api.post('/v1/login', { email: ada.email, password: 'wrong' })
  const other = await ada.logIn()
  await ada.refresh()
  await ada.get('/v1/me')
  await ada.get('/v1/sessions')
  await ada.delete(`/v1/sessions/${other.tokens.sessionId}`)
  const proof = await ada.post('/v1/reauthenticate', { currentPassword: ada.password })
  const change = { newEmail: people.newEmail(), reauthToken: proof.body.reauthToken }
  expect(await ada.post('/v1/email/change', change)).toHaveStatus(202)
  await ada.get('/v1/email/change')
  await ada.delete('/v1/email/change')
  const former = ada.email
  const next = people.newEmail('next')
  await ada.changeEmail(next)
  const confirmation = { token: await mailbox.token(next, 'confirm_email') }
  await api.post('/v1/email/change/confirm/check', confirmation)
  await api.post('/v1/email/change/confirm', confirmation)
  const reversal = { token: await mailbox.token(former, 'email_changed') }
  await api.post('/v1/email/change/revert/check', reversal)
  expect((await api.post('/v1/email/change/revert', reversal)).status).toBe(200)
  const reset = { token: await mailbox.token(former, 'reset_after_revert') }
  await api.post('/v1/password/reset/check', reset)
  expect((await api.post('/v1/password/reset', { ...reset, newPassword: 'Battery-Staple-8' })).status).toBeLessThan(300)
  await api.post('/v1/password/forgot', { email: former })
  await mailbox.drain()
  const again = await people.signedIn(former, 'Battery-Staple-8')
  await again.post('/v1/password/change', { currentPassword: 'Battery-Staple-8', newPassword: 'Third-Password-9' })
  const last = await people.signedIn(former, 'Third-Password-9')
  await last.delete('/v1/sessions')
  const leaving = await people.signedIn(former, 'Third-Password-9')
  expect((await leaving.post('/v1/logout')).status).toBeLessThan(300)
}

async function doWhatSupportDoes(): Promise<void> {
  const desk = await openSupportDesk(service)
  const bob = await people.verified()
  const former = bob.email
  await people.move(bob, people.newEmail('moved'))
  const id = await desk.idOf(bob.email)
  for (const path of [
    `/users/${id}`,
    '/users',
    `/users?email=${bob.email}`,
    `/users?everHeld=${former}`,
    '/users?emailPrefix=filler.1',
    `/users/${id}/mail?limit=1`,
    `/users/${id}/events?limit=5`,
    `/users/${id}/events?limit=5&type=login`,
    `/users/${id}/events?limit=5&${PERIOD}`,
    `/users/${id}/events?limit=5&type=login&${PERIOD}`,
    `/addresses/${former}`,
    `/addresses/${former}/mail?limit=1`,
    '/events/export',
    `/events/export?${PERIOD}`,
    '/security-events?limit=1',
    '/security-events?state=failed',
    '/security-events?state=pending',
    '/security-events?limit=1&state=delivered',
    `/security-events?limit=1&accountId=${id}`,
    `/security-events?accountId=${id}&state=failed`,
  ]) {
    await readTwoPages(desk, path)
  }
  const asked = await desk.post(`/users/${id}/password-reset`)
  await desk.get(`/receipts/${asked.body.receipt}`)
  const events = new SendgridEvents(service)
  const mailId = await events.mailTo(bob.email)
  await events.post(events.event(mailId, 'delivered'), events.event(mailId, 'bounce', { type: 'bounce' }))
  await desk.delete(`/addresses/${bob.email}/suppression`)
  await desk.delete(`/users/${id}/revert-links`)
  await desk.delete(`/users/${id}/sessions`)
  await desk.patch(`/users/${id}`, { disabled: true })
  await desk.patch(`/users/${id}`, { disabled: false })
  await desk.delete(`/addresses/${former}/lock?reason=Ticket`)
  await desk.post('/users', { email: people.newEmail('made'), emailVerified: true })
  const replayer = await service.serviceToken('events:replay', 'events:read')
  const { body } = await api.get('/v1/admin/security-events', { token: replayer })
  await api.post(`/v1/admin/security-events/${body.events[0].id}/replay`, undefined, { token: replayer })
  await desk.delete(`/users/${id}`)
  await mailbox.drain()
  await flood(id, [bob.email, former])
}

/**
 * Leaves a tenth of the mails, events and registrations to an erased person, as if they still had to be erased. The
 * statements of an erasure must use an index all the same: the last rows are as hard to find as the first.
 */
async function flood(id: string, [email, former]: [string, string]): Promise<void> {
  const rows = 'generate_series(1, 500) AS i'
  const newId = `first_id_at(now() - i * interval '1 second')`
  await query(
    databaseUrl,
    `BEGIN;
     INSERT INTO events (id, at, type, outcome, account_id, actor_type, details)
     SELECT ${newId}, now(), 'login', 'success', '${id}', 'account', '{"to": "${email}", "from": "${former}"}' FROM ${rows};
     INSERT INTO mails (id, request, email, address, account_id, context, queued_at, state_at, state)
     SELECT ${newId}, 'registration', '${email}', '${email}', '${id}', '{}', now(), now(), 'delivered' FROM ${rows};
     INSERT INTO registrations (id, address, email, password_hash, created_at, expires_at)
     SELECT ${newId}, '${email}', '${email}', '$2b$12$' || repeat('a', 53), now(), now() + interval '1 day' FROM ${rows};
     COMMIT`,
  )
}

const PERIOD = 'from=2026-01-01T00:00:00Z&to=2099-01-01T00:00:00Z'

async function readTwoPages(desk: SupportDesk, path: string): Promise<void> {
  const first = await desk.get(path)
  expect([path, first.status]).toEqual([path, 200])
  if (!first.body?.nextCursor) return
  const next = `${path}${path.includes('?') ? '&' : '?'}cursor=${first.body.nextCursor}`
  expect([next, (await desk.get(next)).status]).toEqual([next, 200])
}

async function doWhatServicesDo(): Promise<void> {
  const client = await registerClient(deps, 'tokens:introspect')
  const token = await service.serviceToken('users:read')
  const carol = await people.verified()
  for (const each of [token, carol.token, carol.tokens.refreshToken]) {
    await api.form('/oauth/introspect', { token: each }, { headers: basicOf(client) })
    await api.form('/oauth/revoke', { token: each }, { headers: basicOf(client) })
  }
}

async function doWhatTheWorkerDoesByTheClock(): Promise<void> {
  await purgeExpired(deps)
  await purgeAuditTrail(deps)
  const tasks = createTasks(deps, mailer)
  for (const name of ['rotate_signing_keys', 'seal_imported_hashes']) await tasks[name]?.({}, {} as never)
  await deps.metrics.render(Promise.resolve(true))
}

/** For old sessions and links only: ending all of them would change what the planner knows about the tables. */
async function doWhatAnOperatorDoesAfterALeak(): Promise<void> {
  const daysAgo = (days: number) => new Date(deps.clock.now().getTime() - days * 86_400_000)
  const by = { actor: { operator: 'ada' }, origin: null }
  await endAllSessions(deps, { before: daysAgo(34.5), by })
  await endAllLinks(deps, { before: daysAgo(15), keepRevertLinks: true, by })
  await endAllLinks(deps, { before: daysAgo(10), keepRevertLinks: false, by })
}

/** Statements that may read a whole table, because they run seldom or because almost every row matches. */
const ALLOWED: ReadonlyArray<readonly [table: string, beginning: RegExp]> = [
  // Every hour. Most suppressed addresses are old and belong to accounts, so an index on their age would not help.
  ['suppressed_addresses', /^DELETE FROM suppressed_addresses WHERE address IN/],
  // Once a night, page by page: looks for imported password hashes that version 0.1 stored unencrypted.
  ['accounts', /^SELECT id, password_hash AS "passwordHash" FROM accounts\s+WHERE id > \$1 AND password_hash LIKE /],
  // The newest delivered security events: almost every delivery has succeeded, so a page is full after a few rows.
  ['security_event_deliveries', /^SELECT .*"state" = \$\d+ .*GROUP BY .* LIMIT /],
]

/** What is wrong with the plan of a statement; empty if it costs the same however many rows there are. */
function faultsOf(plan: Plan, text: string): string[] {
  const isAllowed = (table: string) =>
    ALLOWED.some(([name, beginning]) => name === table && beginning.test(text.trim()))
  const tables = tablesReadWhole(plan)
  const unexpected = tables
    .filter((table) => !isAllowed(table))
    .map((table) => `${table} is read from end to end: ${text}`)
  const isDear = plan['Total Cost'] > MOST_COST && !tables.some(isAllowed)
  return isDear ? [...unexpected, `the plan costs ${plan['Total Cost']}: ${text}`] : unexpected
}

let planner: Planner
const plans = new Map<RecordedStatement, Plan>()

beforeAll(async () => {
  const statements = [...sent.values()]
  planner = await Planner.open(databaseUrl, ROWS)
  for (const statement of statements) plans.set(statement, await planner.plan(statement))
}, 60_000)
afterAll(() => planner.close())

test('with a million rows, no statement of a request or of the worker reads a growing table from end to end', () => {
  const faults = [...plans].flatMap(([{ text }, plan]) => faultsOf(plan, text))

  expect(plans.size).toBeGreaterThan(150)
  expect(faults).toEqual([])
})

/** Another index begins with the same column, and an account has few security events. */
const HAVE_A_SUBSTITUTE = ['security_events_account_id_position_idx']

test('if an index were missing, the test above would fail', async () => {
  const unnoticed: string[] = []
  const indexes = await indexesForReading()

  for (const index of indexes) {
    const users = [...plans].filter(([, plan]) => allNodes(plan).some((node) => node['Index Name'] === index))
    const faults = await planner.withoutIndex(index, async () => {
      const found: string[] = []
      for (const [statement] of users) found.push(...faultsOf(await planner.plan(statement), statement.text))
      return found
    })
    if (faults.length === 0) unnoticed.push(index)
  }

  expect(indexes.length).toBeGreaterThan(25)
  expect(unnoticed).toEqual(HAVE_A_SUBSTITUTE)
})

/** The indexes of growing tables, except those of a rule (such as UNIQUE) and those that a foreign key needs. */
async function indexesForReading(): Promise<string[]> {
  const rows = await query(
    databaseUrl,
    `SELECT indexrelid::regclass::text AS name FROM pg_index
     WHERE indrelid::regclass::text = ANY (ARRAY['${growingTables.join("', '")}']) AND NOT indisunique AND NOT EXISTS (
       SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = indrelid AND indpred IS NULL AND conkey[1] = indkey[0])
     ORDER BY 1`,
  )
  return rows.map(({ name }) => String(name))
}

test('every table is known to grow or to stay small', async () => {
  const tables = await query(
    databaseUrl,
    `SELECT relname AS name FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  )
  const small = ['_prisma_migrations', 'keys', 'mail_outcomes', 'service_clients']

  expect(tables.map(({ name }) => name)).toEqual([...growingTables, ...small].sort())
})

test('every foreign key has an index that begins with it, so that deleting a row reads no table from end to end', async () => {
  const unindexed = await query(
    databaseUrl,
    `SELECT conrelid::regclass::text AS "table", conname AS name FROM pg_constraint c
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
       SELECT FROM pg_index i
       WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indkey[0] = c.conkey[1])`,
  )

  expect(unindexed).toEqual([])
})
