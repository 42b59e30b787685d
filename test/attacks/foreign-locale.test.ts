import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

/** Where a capital I is lower-cased to a dotless one, as an operator's database in Turkey may do. */
const name = `latchkey_test_tr_${randomBytes(6).toString('hex')}`
const server = process.env['LATCHKEY_TEST_SERVER'] ?? ''
await onServer(`CREATE DATABASE ${name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'`)
const url = new URL(server)
url.pathname = name
await migrate(url.href)
const { api, deps, mailbox, people } = await startTestApp({ databaseUrl: url.href })
afterAll(() => onServer(`DROP DATABASE ${name} WITH (FORCE)`))

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(statement)
  await client.end()
}

test('L13: an address stays the same address in a database that lower-cases as Turkish does', async () => {
  const ida = await people.verified({ email: 'IDA@example.com' })

  const toItself = await ida.changeEmail('ida@example.com')
  await ida.changeEmail('ida@example.org')
  const token = await mailbox.token('ida@example.org', 'confirm_email')
  await api.post('/v1/email/change/confirm', { token })
  const revertLink = await mailbox.token('IDA@example.com', 'email_changed')
  const reverted = await api.post('/v1/email/change/revert', { token: revertLink })

  expect(toItself).toRefuse('email_unchanged')
  expect(reverted.body).toEqual({ email: 'IDA@example.com', outcome: 'restored' })
  const held = await deps.db.address.findMany({ where: { lockedAt: null }, select: { address: true } })
  expect(held).toEqual([{ address: 'ida@example.com' }])
})

test('E5: there too every check of a password shares one count', async () => {
  const ivy = await people.verified({ email: 'IVY@example.com' })

  const statuses = []
  for (let guess = 0; guess < 4; guess += 1) {
    const answer = await ivy.post('/v1/reauthenticate', { currentPassword: 'Wrong-Horse-7' })
    statuses.push(
      answer.status,
      (await api.post('/v1/login', { email: 'ivy@example.com', password: 'Wrong-1' })).status,
    )
  }

  expect(statuses).toEqual([403, 401, 403, 401, 403, 429, 429, 429])
})
