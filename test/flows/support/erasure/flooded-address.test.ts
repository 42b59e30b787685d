import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import '../../../support/matchers.ts'
import { hashAddress } from '../../../../src/domain/addresses/address-hashes.ts'
import { openSupportDesk } from '../../../support/support-desk.ts'
import { startTestApp } from '../../../support/test-app.ts'

/**
 * If a client registers one address all day, the owner of the address can still sign up and be erased: no transaction
 * deletes all of the rows.
 */
const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

/** More than any transaction deletes at once. `FLOOD=172800` is one client's day within the limits. */
const FLOOD = Number(process.env['FLOOD'] ?? 6_000)
const PASSWORD_HASH = `$2b$12$${'a'.repeat(53)}`

/** The rows that so many registrations of one address leave, one in each second: registrations, mails and audit events. */
async function flood(email: string): Promise<void> {
  const hash = hashAddress(deps, email)
  const context = JSON.stringify({ at: new Date().toISOString(), ip: '203.0.113.66', userAgent: null })
  const insert = async (statement: string, values: unknown[]) => {
    const client = await deps.pool.connect()
    try {
      await client.query('SET statement_timeout = 0')
      await client.query(statement, values)
    } finally {
      client.release(true)
    }
  }
  const seconds = `generate_series(1, ${FLOOD}) AS second`
  await insert(
    `INSERT INTO registrations (id, address, email, password_hash, created_at, expires_at)
     SELECT gen_random_uuid(), $1, $1, $2, now() - make_interval(secs => second), now() + interval '7 days' FROM ${seconds}`,
    [email, PASSWORD_HASH],
  )
  await insert(
    `INSERT INTO mails (id, request, email, address, registration_id, context, state, queued_at, state_at)
     SELECT gen_random_uuid(), 'registration', $1, $1, $2::uuid, $3::jsonb, 'held_back',
       now() - make_interval(secs => second), now() FROM ${seconds}`,
    [email, randomUUID(), context],
  )
  await insert(
    `INSERT INTO events (id, at, type, outcome, actor_type, ip, details)
     SELECT gen_random_uuid(), now() - make_interval(secs => second), 'account.registration_requested', 'success',
       'anonymous', '203.0.113.66', jsonb_build_object('addressHash', $1::text) FROM ${seconds}`,
    [hash],
  )
}

async function rowsOf(email: string): Promise<{ registrations: number; mails: number; events: number }> {
  const [registrations, mails, events] = await Promise.all([
    deps.db.registration.count({ where: { address: email } }),
    deps.db.mail.count({ where: { address: email } }),
    deps.db.event.count({ where: { details: { path: ['addressHash'], equals: hashAddress(deps, email) } } }),
  ])
  return { registrations, mails, events }
}

test('a person whose address strangers flooded is erased: the account at once, the rest by a job that reports its end', async () => {
  const victim = await people.verified()
  const id = await desk.idOf(victim.email)
  await flood(victim.email)

  const erased = await desk.delete(`/users/${id}`)
  const meanwhile = { ...(await rowsOf(victim.email)), trail: (await desk.trailOf(id))[0] }
  const signIn = await api.post('/v1/login', { email: victim.email, password: victim.password })
  await mailbox.drain()

  expect(erased).toHaveStatus(204)
  expect(meanwhile.registrations).toBeGreaterThan(0)
  expect(meanwhile.trail).toBe('account.erased')
  expect(signIn).toRefuse('invalid_credentials')
  expect(await desk.addressState(victim.email)).toBe('locked')
  expect((await desk.trailOf(id))[0]).toBe('account.erasure_completed')
  const left = await rowsOf(victim.email)
  expect(left).toMatchObject({ registrations: 0, mails: 0, events: 1 }) // the sign-in after the erasure
})

test('a person whose address strangers flooded signs up, and a job deletes the other registrations', async () => {
  const email = people.newEmail('flooded')
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const token = await mailbox.token(email, 'verify_email')
  await flood(email)

  const verified = await api.post('/v1/email/verify', { token })
  const meanwhile = await rowsOf(email)
  const signIn = await api.post('/v1/login', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()

  expect(verified).toHaveStatus(200)
  expect(meanwhile.registrations).toBeGreaterThan(0)
  expect(signIn).toHaveStatus(200)
  expect((await rowsOf(email)).registrations).toBe(0)
})

test('a person whose address strangers flooded chooses a password with a reset link', async () => {
  const email = people.newEmail('flooded')
  await flood(email)
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')

  const reset = await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  const signIn = await api.post('/v1/login', { email, password: 'Battery-Staple-8' })
  await mailbox.drain()

  expect(reset).toHaveStatus(204)
  expect(signIn).toHaveStatus(200)
  expect((await rowsOf(email)).registrations).toBe(0)
})

test('an account that Support creates at a flooded address is open at once, and a job deletes the registrations', async () => {
  const email = people.newEmail('flooded')
  await flood(email)

  const created = await desk.post('/users', { email })
  const meanwhile = await rowsOf(email)
  await mailbox.drain()

  expect(created).toHaveStatus(201)
  expect(meanwhile.registrations).toBeGreaterThan(0)
  expect((await rowsOf(email)).registrations).toBe(0)
})
