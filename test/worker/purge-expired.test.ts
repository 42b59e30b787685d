import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { purgeExpired } from '../../src/worker/purge-expired.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()
const DAY = 86_400

/** How many rows there are in each table that the purge is about. */
async function rows(): Promise<Record<string, number>> {
  const { db } = deps
  return {
    sessions: await db.session.count(),
    reauthentications: await db.reauthentication.count(),
    registrations: await db.registration.count(),
    mailedTokens: await db.mailedToken.count(),
    mails: await db.mail.count(),
    mailEvents: await db.mailEvent.count(),
    emailChanges: await db.emailChange.count(),
    suppressedAddresses: await db.suppressedAddress.count(),
    securityEvents: await db.securityEvent.count(),
    revokedTokens: await db.revokedToken.count(),
    throttles: await db.throttle.count(),
  }
}

/** Leaves a row or more in every one of them. */
async function aBusyDay(): Promise<{ email: string; other: string }> {
  const ada = await people.verified()
  await people.move(ada, people.newEmail())
  await ada.changeEmail(people.newEmail())
  await ada.post('/v1/reauthenticate', { currentPassword: ada.password })
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })
  await api.post('/v1/register', { email: people.newEmail(), password: ada.password })
  await mailbox.drain()
  const now = deps.clock.now()
  const mail = await deps.db.mail.findFirstOrThrow()
  await deps.db.mailEvent.create({
    data: { id: randomUUID(), mailId: mail.id, type: 'delivered', at: now, receivedAt: now },
  })
  const suppressed = { reason: 'bounced', since: now }
  const other = people.newEmail('typed')
  for (const address of [ada.email, other]) await deps.db.suppressedAddress.create({ data: { address, ...suppressed } })
  await deps.db.revokedToken.create({ data: { tokenId: randomUUID(), expiresAt: now } })
  return { email: ada.email, other }
}

test('a row that is still of use is not deleted', async () => {
  await aBusyDay()
  const before = await rows()
  expect(Object.entries(before).filter(([, count]) => count === 0)).toEqual([])

  await purgeExpired(deps)

  expect(await rows()).toEqual(before)
})

test('expired rows are deleted, except those that show who had an address', async () => {
  const { email, other } = await aBusyDay()
  const moves = await deps.db.emailChange.count({ where: { confirmedAt: { not: null } } })
  const held = await deps.db.address.count()
  clock.advance(100 * DAY)

  await purgeExpired(deps)

  expect(await rows()).toEqual({
    ...Object.fromEntries(Object.keys(await rows()).map((table) => [table, 0])),
    emailChanges: moves,
    suppressedAddresses: await deps.db.suppressedAddress.count({ where: { address: { not: other } } }),
  })
  expect(await deps.db.suppressedAddress.count({ where: { address: email } })).toBe(1)
  expect(await deps.db.address.count()).toBe(held)
})

test('any number of expired rows is deleted, and a table that fails does not stop the others', async () => {
  const queuedAt = new Date(deps.clock.now().getTime() - 91 * DAY * 1000)
  await deps.db.$executeRaw`
    INSERT INTO mails (id, request, email, address, context, queued_at, state_at)
    SELECT gen_random_uuid(), 'reset_password', 'a@example.com', 'a@example.com', '{}', ${queuedAt}, ${queuedAt}
    FROM generate_series(1, 12000)`
  await deps.db.revokedToken.create({ data: { tokenId: randomUUID(), expiresAt: queuedAt } })
  await deps.db.session.deleteMany()
  await people.verified()
  await deps.db.session.updateMany({ data: { expiresAt: queuedAt } })
  await deps.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON sessions EXECUTE FUNCTION refuse()`)

  await expect(purgeExpired(deps)).rejects.toThrow('not today')

  expect(await deps.db.mail.count({ where: { queuedAt } })).toBe(0)
  expect(await deps.db.revokedToken.count()).toBe(0)
})
