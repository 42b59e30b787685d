import { afterAll, expect, test } from '@jest/globals'
import { connect } from '../../src/database/client.ts'
import { migrate, migrationStatus } from '../../src/database/migrate.ts'
import { startWorker } from '../../src/worker/run-worker.ts'
import { hasPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase, EMPTY } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const testWithPgBouncer = hasPgBouncer() ? test : test.skip
if (!hasPgBouncer()) process.stderr.write('SKIPPED: pgbouncer is not installed, so no test connects through it here\n')

const database = await createTestDatabase(EMPTY)
const poolers: PgBouncer[] = []
afterAll(async () => {
  for (const pooler of poolers) await pooler.stop()
  await database.drop()
})

async function pooled(mode: 'session' | 'transaction'): Promise<string> {
  const pooler = await startPgBouncer(database.url, mode)
  poolers.push(pooler)
  return pooler.url
}

testWithPgBouncer(
  'through PgBouncer in session mode a person can register, change their email and password, undo it and reset it',
  async () => {
    const databaseUrl = await pooled('session')
    await migrate(databaseUrl)
    const { people, api, mailbox, logIn } = await startTestApp({ databaseUrl })
    const ada = await people.verified()
    const { email } = ada

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
  'through PgBouncer in session mode the worker sends mail',
  async () => {
    const databaseUrl = await pooled('session')
    await migrate(databaseUrl)
    const { people, deps, mailer, api, sendgrid } = await startTestApp({ databaseUrl })
    const ada = await people.verified() // before the worker starts: two workers would share the mail between them
    const worker = startWorker(deps, mailer)
    try {
      expect((await api.post('/v1/password/forgot', { email: ada.email })).status).toBe(202)
      await until(() => sendgrid.mails.filter(({ to }) => to === ada.email).length >= 2)
    } finally {
      await worker.stop()
    }
  },
  60_000,
)

testWithPgBouncer('through PgBouncer in session mode the limits of a connection are ours', async () => {
  const { pool, db } = connect(await pooled('session'), { poolSize: 2, onIdleError: () => undefined })

  const { rows } = await pool.query(
    `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
            current_setting('idle_in_transaction_session_timeout') AS idle`,
  )

  expect(rows).toEqual([{ statement: '4s', lock: '2500ms', idle: '6s' }])
  await db.$disconnect()
  await pool.end()
})

testWithPgBouncer('PgBouncer in transaction mode is refused with one line', async () => {
  const url = await pooled('transaction')
  const line = /^The connection pooler in DATABASE_URL is in transaction mode[^\n]*$/

  await expect(migrationStatus(url)).rejects.toThrow(line)
  await expect(migrate(url)).rejects.toThrow(line)
})
