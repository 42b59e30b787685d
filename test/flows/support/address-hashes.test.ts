import { createHmac } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { v7 as uuidv7 } from 'uuid'
import '../../support/matchers.ts'
import { importUsers } from '../../../src/domain/support/import/import-users.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox, clock } = testApp
const desk = await openSupportDesk(testApp)

/** The form of version 0.1: the text alone under the key, whatever it stands for. */
function hashOfVersion01(text: string): string {
  return createHmac('sha256', deps.keys.addressHashKeys()[0]).update(text).digest('hex')
}

async function addressHashOfFailedSignIn(email: string): Promise<string> {
  await api.post('/v1/login', { email, password: 'Wrong-Guess-1' })
  const event = await deps.db.event.findFirstOrThrow({ where: { type: 'login' }, orderBy: { id: 'desc' } })
  return (event.details as { addressHash: string }).addressHash
}

test('an address that version 0.1 erased stays locked', async () => {
  const email = people.newEmail()
  const now = clock.now()
  await deps.db.address.create({
    data: {
      address: `erased:${hashOfVersion01(email)}`,
      claimedAt: now,
      lockedAt: now,
      lockReason: 'account_erased',
    },
  })
  const other = await people.verified()

  expect(await other.changeEmail(email)).toRefuse('email_unavailable')
  expect(await desk.post('/users', { email })).toRefuse('email_unavailable')
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  expect((await mailbox.kinds(email)).at(-1)).toBe('address_locked')
  expect((await desk.get(`/addresses/${email}`)).body).toMatchObject({ state: 'locked', reason: 'account_erased' })
})

test('an erasure finds the audit events in which version 0.1 hashed the address', async () => {
  const person = await people.verified()
  const id = uuidv7()
  await deps.db.event.create({
    data: {
      id,
      at: clock.now(),
      type: 'login',
      outcome: 'failure',
      actorType: 'anonymous',
      ip: '203.0.113.7',
      details: { reason: 'unknown_address', addressHash: hashOfVersion01(person.email) },
    },
  })

  await desk.delete(`/users/${await desk.idOf(person.email)}`)

  expect(await deps.db.event.findUnique({ where: { id } })).toMatchObject({ ip: null, details: {} })
})

test('a reader of the database cannot tell from the audit trail which erased address somebody typed', async () => {
  const person = await people.verified()
  await desk.delete(`/users/${await desk.idOf(person.email)}`)

  const addressHash = await addressHashOfFailedSignIn(person.email)

  const locked = await deps.db.address.findMany({ where: { lockReason: 'account_erased' } })
  expect(locked.length).toBeGreaterThan(0)
  expect(JSON.stringify(locked)).not.toContain(addressHash)
})

test('a row that version 0.1 imported is recognised when it comes again', async () => {
  const email = people.newEmail()
  await desk.post('/users', { email, disabled: true }) // has a fingerprint of its own, for another description
  const id = await desk.idOf(email)
  const fingerprint = hashOfVersion01(`import ${JSON.stringify([email, null, false, false, null])}`)
  await deps.db.event.create({
    data: {
      id: uuidv7(),
      at: clock.now(),
      type: 'account.created',
      outcome: 'success',
      accountId: id,
      actorType: 'system',
      details: { fingerprint },
    },
  })

  async function* rows() {
    yield { line: 1, user: { email } }
    yield { line: 2, user: { email, emailVerified: true } }
  }
  const summary = await importUsers(deps, {
    rows: rows(),
    by: { actor: { operator: 'ada' }, origin: null },
    dryRun: false,
    onBatch: () => undefined,
  })

  expect(summary).toEqual({ imported: 0, alreadyThere: 1, refused: 1, weakHashes: 0 })
})
