import { beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { purgeAuditTrail } from '../../src/worker/purge-audit-trail.ts'
import { purgeExpired } from '../../src/worker/purge-expired.ts'
import { createTasks } from '../../src/worker/tasks.ts'
import { query } from '../support/embedded-server.ts'
import { fillDatabase, growingTables } from '../support/filled-database.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

interface Statement {
  readonly text: string
  /** A named statement may be planned once for all values. */
  readonly isNamed: boolean
  readonly values: unknown[]
}

const sent = new Map<string, Statement>()

/** Records every statement of this process that goes to the database, whichever library sends it. */
function recordStatements(): void {
  const prototype = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown }
  const { query: send } = prototype
  prototype.query = function (...args: unknown[]) {
    const [first, second] = args
    const config = typeof first === 'object' && first !== null ? (first as Partial<pg.QueryConfig>) : undefined
    const text = config?.text ?? String(first)
    const values = config?.values ?? (Array.isArray(second) ? second : [])
    if (/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(text)) {
      sent.set(text, { text, isNamed: config?.name !== undefined, values })
    }
    return send.apply(this, args)
  }
}

const service = await startTestApp({
  env: {
    RATE_LIMIT_FACTOR: '1000',
    SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY,
    SECURITY_EVENT_URLS: 'http://127.0.0.1:9/nothing-listens-here',
    SECURITY_EVENT_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  },
})
const { api, deps, mailbox, mailer, people, databaseUrl } = service

beforeAll(async () => {
  await fillDatabase(databaseUrl)
  recordStatements()
  await doWhatPeopleDo()
  await doWhatSupportDoes()
  await doWhatServicesDo()
  await doWhatTheWorkerDoesByTheClock()
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
  await ada.post('/v1/email/change', {
    newEmail: people.newEmail(),
    reauthenticationToken: proof.body.reauthenticationToken,
  })
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
    `/users?everHeld=${former}`,
    '/users?emailPrefix=filler.1',
    `/users/${id}/mail?limit=1`,
    `/users/${id}/events?limit=5`,
    `/users/${id}/events?type=session.created`,
    `/addresses/${former}`,
    `/addresses/${former}/mail`,
    '/events/export',
    '/security-events',
    '/security-events?state=failed',
  ]) {
    expect([path, (await desk.get(path)).status]).toEqual([path, 200])
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

/** Statements that may read a whole table, because they run seldom and most rows would match an index too. */
const ALLOWED: ReadonlyArray<readonly [table: string, beginning: RegExp]> = [
  // Every hour. Most suppressed addresses are old and belong to accounts, so an index on their age would not help.
  ['suppressed_addresses', /^DELETE FROM suppressed_addresses WHERE address IN/],
  // Once a night, page by page: looks for imported password hashes that version 0.1 stored unencrypted.
  ['accounts', /^SELECT "public"\."accounts"\."id", "public"\."accounts"\."password_hash" FROM .* LIKE /],
]

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

/** The tables that grow and that this plan reads from end to end. */
function tablesReadWhole(plan: Plan): string[] {
  const table = plan['Relation Name'] ?? ''
  const own = plan['Node Type'] === 'Seq Scan' && growingTables.includes(table) ? [table] : []
  return [...own, ...(plan.Plans ?? []).flatMap(tablesReadWhole)]
}

function isAllowed(table: string, text: string): boolean {
  return ALLOWED.some(([name, beginning]) => name === table && beginning.test(text.trim()))
}

test('no statement of a request or of the worker reads a growing table from end to end', async () => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const statements = [...sent.values()]
  await client.query('ANALYZE')
  const { rows: versions } = await client.query(`SELECT current_setting('server_version_num')::int AS number`)
  const hasGenericPlans = versions[0].number >= 160_000

  const offenders: string[] = []
  for (const { text, isNamed, values } of statements) {
    const isGeneric = isNamed && hasGenericPlans
    const explain = `EXPLAIN (FORMAT JSON${isGeneric ? ', GENERIC_PLAN' : ''}) ${text}`
    const { rows } = await client.query(explain, isGeneric ? [] : values)
    const whole = tablesReadWhole(rows[0]['QUERY PLAN'][0].Plan).filter((table) => !isAllowed(table, text))
    if (whole.length > 0) offenders.push(`${whole.join(', ')}: ${text}`)
  }
  await client.end()

  expect(statements.length).toBeGreaterThan(150)
  expect(offenders).toEqual([])
}, 60_000)

test('every table is known to grow or to stay small', async () => {
  const tables = await query(
    databaseUrl,
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
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
