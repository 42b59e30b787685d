import { afterEach, expect, test } from '@jest/globals'
import { inTransaction } from '../../src/database/client.ts'
import { queueMail } from '../../src/domain/mails/queue-mail.ts'
import { startWorker, type Worker } from '../../src/worker/run-worker.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const { api, clock, deps, mailbox, mailer, people, sendgrid } = await startTestApp()

let worker: Worker | undefined
afterEach(async () => {
  await worker?.stop()
  worker = undefined
})

const received = (email: string) => sendgrid.mails.filter(({ to }) => to === email).length

/** As many registrations as a stranger leaves in a flood, without the time that their password hashes take. */
async function registrationsOfStrangers(count: number, ip: string): Promise<string[]> {
  const emails = Array.from({ length: count }, () => people.newEmail('stranger'))
  const now = clock.now()
  const origin = { ip, userAgent: null, requestId: '019ab1f2-6f3c-7c4e-8d21-3a5b7c9d0e1f', acceptLanguage: null }
  await inTransaction(deps.db, async (tx) => {
    for (const email of emails) {
      const registration = await tx.registration.create({
        data: {
          email,
          address: email,
          passwordHash: `$2b$12$${'a'.repeat(53)}`,
          createdAt: now,
          expiresAt: new Date(now.getTime() + 86_400_000),
        },
      })
      const to = { email, address: email }
      await queueMail(tx, { request: 'registration', to, registrationId: registration.id, origin, now })
    }
  })
  return emails
}

test('while the provider answers none of the strangers’ registrations, resets and notices arrive', async () => {
  const ada = await people.verified()
  const strangers = await registrationsOfStrangers(50, '203.0.113.66')
  const release = sendgrid.hold((to) => strangers.includes(to))
  worker = startWorker(deps, mailer)
  await until(() => sendgrid.requests.filter(({ answered }) => answered === 'hung').length >= 4)
  const before = received(ada.email)

  await api.post('/v1/password/forgot', { email: ada.email })
  await until(() => received(ada.email) === before + 1)
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })
  await until(() => received(ada.email) === before + 2)

  expect(strangers.filter((email) => received(email) > 0)).toEqual([])
  release()
  await until(() => strangers.every((email) => received(email) === 1))
}, 60_000)

test('resets for strangers do not hold up the notices of an account', async () => {
  const ada = await people.verified()
  const others: Person[] = []
  while (others.length < 9) others.push(await people.verified()) // one by one: each lets the worker finish its mail
  const release = sendgrid.hold((to) => others.some(({ email }) => email === to))
  for (const { email } of others) await api.post('/v1/password/forgot', { email })
  worker = startWorker(deps, mailer)
  await until(() => sendgrid.requests.filter(({ answered }) => answered === 'hung').length >= 8)
  const before = received(ada.email)

  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })
  await until(() => received(ada.email) === before + 1)

  release()
}, 60_000)

test('a recipient whose server hangs holds one slot, however many mails wait for it', async () => {
  const bob = await people.verified()
  const release = sendgrid.hold((to) => to === bob.email)
  worker = startWorker(deps, mailer)
  for (let times = 0; times < 8; times += 1) {
    await bob.post('/v1/password/change', { currentPassword: bob.password, newPassword: `Battery-Staple-${times}` })
    bob.password = `Battery-Staple-${times}`
  }
  await until(() => sendgrid.requests.some(({ answered }) => answered === 'hung'))

  const ada = await people.newEmail('newcomer')
  await api.post('/v1/register', { email: ada, password: 'Correct-Horse-7' })
  await until(() => received(ada) === 1)

  expect(sendgrid.requests.filter(({ answered }) => answered === 'hung')).toHaveLength(1)
  release()
}, 60_000)

test('networks take turns: the first mail of each goes before the second of any', async () => {
  await mailbox.drain()
  const flood = await registrationsOfStrangers(20, '203.0.113.66')
  const [first] = await registrationsOfStrangers(1, '203.0.113.67')
  const [second] = await registrationsOfStrangers(1, '203.0.113.68')
  const before = sendgrid.mails.length

  await mailbox.drain()

  const order = sendgrid.mails.slice(before).map(({ to }) => to)
  expect(order).toHaveLength(22)
  expect(order.slice(0, 3).sort()).toEqual([flood[0], first, second].sort())
})

test('a network that sends a thousand strangers mails they never asked for is stopped, unless they sign up', async () => {
  const limited = await startTestApp({ env: { RATE_LIMIT_FACTOR: '0.05' } }) // 5 unopened mails an hour
  const register = (email: string, ip: string) =>
    limited.api.post('/v1/register', { email, password: 'Correct-Horse-7' }, { ip })

  const mails = await limited.mailbox.during(async () => {
    for (let index = 0; index < 9; index += 1) await register(`stranger.${index}@example.com`, '203.0.113.66')
  })
  const others = await limited.mailbox.during(() => register('colleague@example.com', '203.0.113.67'))
  const token = await limited.mailbox.token('stranger.0@example.com', 'verify_email')
  await limited.api.post('/v1/email/verify', { token })
  const afterwards = await limited.mailbox.during(() => register('late@example.com', '203.0.113.66'))

  expect(mails).toHaveLength(5)
  expect(others).toEqual(['verify_email to colleague@example.com'])
  expect(afterwards).toEqual(['verify_email to late@example.com'])
})

test('a mail that cannot be planned is tried again within minutes, however often it failed', async () => {
  const ada = await people.verified()
  await api.post('/v1/password/forgot', { email: ada.email })
  const where = { request: 'reset_password', address: ada.email }
  const mail = await deps.db.mail.findFirstOrThrow({ where })
  await deps.db.mail.update({ where: { id: mail.id }, data: { request: 'unheard_of', attempts: 24 } })

  await mailbox.drain()

  const failed = await deps.db.mail.findUniqueOrThrow({ where: { id: mail.id } })
  const { rows } = await deps.pool.query(
    `SELECT extract(epoch FROM run_at - now())::float8 AS seconds FROM graphile_worker.jobs WHERE key = $1`,
    [`mail ${mail.id}`],
  )
  expect(failed).toMatchObject({ state: 'queued', attempts: 25, reason: 'The mail could not be prepared' })
  expect(rows[0].seconds).toBeLessThan(120)
  await deps.db.mail.update({ where: { id: mail.id }, data: { request: 'reset_password' } })
  expect(await mailbox.kinds(ada.email)).toContain('reset_password')
})
