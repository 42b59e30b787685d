import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { readConfig } from '../../src/config/config.ts'
import { connect, inTransaction } from '../../src/database/client.ts'
import { migrate } from '../../src/database/migrate.ts'
import { type Role, serve } from '../../src/serve.ts'
import { startWorker } from '../../src/worker/run-worker.ts'
import { freePort } from '../support/free-port.ts'
import type { Person } from '../support/people.ts'
import { hasPgBouncer, type PgBouncer, type PoolMode, startPgBouncer } from '../support/pgbouncer.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { basicOf, registerClient, serviceTokenOf } from '../support/service-clients.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const testWithPgBouncer = hasPgBouncer() ? test : test.skip
if (!hasPgBouncer()) process.stderr.write('SKIPPED: pgbouncer is not installed, so no test connects through it here\n')

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
const poolers: PgBouncer[] = []
afterAll(async () => {
  for (const pooler of poolers) await pooler.stop()
  await sendgrid.close()
  await database.drop()
})

async function pooled(mode: PoolMode): Promise<string> {
  const pooler = await startPgBouncer(database.url, mode)
  poolers.push(pooler)
  return pooler.url
}

/** The whole service: requests go through the pooler, and the worker does not. */
async function startPooledApp(mode: 'session' | 'transaction'): Promise<TestApp> {
  return startTestApp({ databaseUrl: await pooled(mode), env: { DATABASE_URL_DIRECT: database.url } })
}

for (const mode of ['session', 'transaction'] as const) {
  testWithPgBouncer(
    `through PgBouncer in ${mode} mode a person can register, change their email and password, undo it and reset it`,
    async () => {
      const { people, api, mailbox, logIn } = await startPooledApp(mode)
      const ada = await people.verified()
      const { email } = ada

      expect((await ada.get('/v1/me')).body).toMatchObject({ email })
      expect((await ada.refresh()).status).toBe(200)
      await people.move(ada, people.newEmail('new'))
      const passwords = { currentPassword: ada.password, newPassword: 'Battery-Staple-8' }
      expect((await ada.post('/v1/password/change', passwords)).status).toBe(200)
      const revert = await api.post('/v1/email/change/revert', { token: await mailbox.token(email, 'email_changed') })
      expect(revert.body).toEqual({ email, outcome: 'restored' })
      const token = await mailbox.token(email, 'reset_after_revert')
      expect((await api.post('/v1/password/reset', { token, newPassword: 'Third-Password-9' })).status).toBe(204)
      expect((await logIn(email, 'Third-Password-9')).status).toBe(200)
    },
    60_000,
  )

  testWithPgBouncer(
    `through PgBouncer in ${mode} mode Support and other services can do their work`,
    async () => {
      const { people, api, deps, mailbox } = await startPooledApp(mode)
      const ada = await people.verified()
      const service = await registerClient(deps, 'tokens:introspect', 'users:read', 'users:write', 'users:delete')
      const caller = { token: await serviceTokenOf(api, service) }
      const isActive = async () => {
        const answer = await api.form('/oauth/introspect', { token: ada.token }, { headers: basicOf(service) })
        return answer.body.active
      }

      expect(await isActive()).toBe(true)
      const found = await api.get(`/v1/admin/users?email=${encodeURIComponent(ada.email)}`, caller)
      const path = `/v1/admin/users/${found.body.users[0].id}`
      expect((await api.patch(path, { disabled: true }, caller)).status).toBe(200)
      expect(await isActive()).toBe(false)
      expect((await api.delete(path, caller)).status).toBe(204)
      await mailbox.drain()
      expect((await api.get(path, caller)).status).toBe(404)
    },
    60_000,
  )
}

testWithPgBouncer(
  'through PgBouncer in session mode the worker sends mail',
  async () => {
    const databaseUrl = await pooled('session')
    const { people, deps, mailer, api, sendgrid: received } = await startTestApp({ databaseUrl })
    const ada = await people.verified() // before the worker starts: two workers would share the mail between them
    const worker = startWorker(deps, mailer)
    try {
      expect((await api.post('/v1/password/forgot', { email: ada.email })).status).toBe(202)
      await until(() => received.mails.filter(({ to }) => to === ada.email).length >= 2)
    } finally {
      await worker.stop()
    }
  },
  60_000,
)

const SHOWN = `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
  current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('search_path') AS path`
const OURS = { statement: '4s', lock: '2500ms', idle: '6s', path: 'public, pg_temp' }
const DEFAULTS = { statement: '0', lock: '0', idle: '0', path: '"$user", public' }

for (const mode of ['session', 'transaction'] as const) {
  testWithPgBouncer(`through PgBouncer in ${mode} mode the limits of every statement are ours`, async () => {
    const { pool, db } = connect(await pooled(mode), { poolSize: 2, onIdleError: () => undefined })

    const alone = await pool.query(SHOWN)
    const throughPrisma = await db.$queryRawUnsafe(SHOWN)
    const together = await inTransaction(db, (tx) => tx.$queryRawUnsafe(SHOWN))

    expect({ alone: alone.rows, throughPrisma, together }).toEqual({
      alone: [OURS],
      throughPrisma: [OURS],
      together: [OURS],
    })
    await db.$disconnect()
    await pool.end()
  })
}

testWithPgBouncer('the sessions of PgBouncer in transaction mode keep their settings for other clients', async () => {
  const url = await pooled('transaction')
  const { pool, db } = connect(url, { poolSize: 2, onIdleError: () => undefined })
  await pool.query('SELECT 1')
  await expect(pool.query('SELECT 1 / 0')).rejects.toThrow('division by zero')
  const other = new pg.Client({ connectionString: url })
  await other.connect()

  const seen = new Set<string>()
  for (let round = 0; round < 6; round += 1) seen.add(JSON.stringify((await other.query(SHOWN)).rows))

  expect([...seen]).toEqual([JSON.stringify([DEFAULTS])])
  await other.end()
  await db.$disconnect()
  await pool.end()
})

testWithPgBouncer('a transaction through PgBouncer in transaction mode is rolled back as a whole', async () => {
  const { people, deps } = await startPooledApp('transaction')
  const ada = await people.verified()
  const countEvents = () => deps.db.event.count()
  const before = await countEvents()

  const failing = inTransaction(deps.db, async (tx) => {
    await tx.event.deleteMany()
    await tx.$executeRawUnsafe('SELECT 1 / 0')
  })

  await expect(failing).rejects.toThrow()
  expect(await countEvents()).toBe(before)
  expect((await ada.get('/v1/me')).status).toBe(200)
})

testWithPgBouncer('many requests at once do not mix through PgBouncer in transaction mode', async () => {
  const { people } = await startPooledApp('transaction')
  const crowd: Person[] = []
  while (crowd.length < 10) crowd.push(await people.verified())

  const answers = await Promise.all(
    crowd.flatMap((person) =>
      Array.from({ length: 10 }, async (_, round) => {
        if (round % 5 === 0) return (await person.logIn()).token === '' ? 0 : 200
        const { body } = await person.get('/v1/me')
        return body.email === person.email ? 200 : body
      }),
    ),
  )

  expect(new Set(answers)).toEqual(new Set([200]))
})

/** Starts a process of this role and stops it again. */
async function startAndStop(role: Role, urls: { DATABASE_URL: string; DATABASE_URL_DIRECT?: string }): Promise<void> {
  const settings = serviceSettings(urls.DATABASE_URL, sendgrid)
  const config = readConfig({ ...settings, ...urls, PORT: String(await freePort()), LOG_LEVEL: 'silent' })
  const service = await serve(config, role, new AbortController().signal)
  await service.stop(0)
}

testWithPgBouncer(
  'a start through PgBouncer in transaction mode needs DATABASE_URL_DIRECT if it has a worker',
  async () => {
    const url = await pooled('transaction')
    const line =
      /^DATABASE_URL_DIRECT \(if unset: DATABASE_URL\) leads through a connection pooler in transaction mode[^\n]*$/

    await startAndStop('api', { DATABASE_URL: url })
    await startAndStop('all', { DATABASE_URL: url, DATABASE_URL_DIRECT: database.url })
    await startAndStop('worker', { DATABASE_URL: url, DATABASE_URL_DIRECT: database.url })
    await expect(startAndStop('all', { DATABASE_URL: url })).rejects.toThrow(line)
    await expect(startAndStop('worker', { DATABASE_URL: url })).rejects.toThrow(line)
    await expect(startAndStop('all', { DATABASE_URL: database.url, DATABASE_URL_DIRECT: url })).rejects.toThrow(line)
    await expect(migrate(url)).rejects.toThrow(line)
  },
)

testWithPgBouncer('PgBouncer in statement mode is refused with one line', async () => {
  const url = await pooled('statement')

  await expect(startAndStop('api', { DATABASE_URL: url })).rejects.toThrow(
    /^The connection pooler in DATABASE_URL refuses transactions: [^\n]* Use pool_mode = session or transaction\.$/,
  )
})
