import { expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

async function moved(): Promise<{ left: string; now: string }> {
  const ada = await people.verified()
  const now = people.newEmail()
  await ada.changeEmail(now)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(now, 'confirm_email') })
  return { left: ada.email, now }
}

test('Support sees whether an address is free, in use or locked, and since when and why it is locked', async () => {
  const { left, now } = await moved()
  const free = people.newEmail()
  const nothing = { lockedAt: null, reason: null, suppression: null, registration: null }

  expect((await desk.get(`/addresses/${free}`)).body).toEqual({ address: free, state: 'free', ...nothing })
  expect((await desk.get(`/addresses/${now}`)).body).toEqual({ address: now, state: 'in_use', ...nothing })
  expect((await desk.get(`/addresses/${left.toUpperCase()}`)).body).toEqual({
    address: left,
    state: 'locked',
    lockedAt: expect.stringMatching(/Z$/),
    reason: 'email_changed',
    suppression: null,
    registration: null,
  })
})

test('an address that was only registered stays free, and Support sees the open registration', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  expect((await desk.get(`/addresses/${email}`)).body).toMatchObject({
    state: 'free',
    registration: { createdAt: expect.stringMatching(/Z$/), expiresAt: expect.stringMatching(/Z$/) },
  })
})

test('a free address and an address in use cannot be unlocked', async () => {
  const { now } = await moved()

  expect(await desk.delete(`/addresses/${people.newEmail()}/lock`)).toRefuse('not_found')
  expect(await desk.delete(`/addresses/${now}/lock`)).toRefuse('not_found')
  expect(await desk.addressState(now)).toBe('in_use')
})

test('of ten concurrent requests to unlock one address, one succeeds', async () => {
  const { left } = await moved()

  const answers = await Promise.all(Array.from({ length: 10 }, () => desk.delete(`/addresses/${left}/lock`)))

  expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array.from({ length: 9 }, () => 404)])
})

test('anyone can register an unlocked address', async () => {
  const { left } = await moved()
  await desk.delete(`/addresses/${left}/lock`)

  const newcomer = await people.verified({ email: left })

  expect((await newcomer.get('/v1/me')).body.email).toBe(left)
})

test('the reason for unlocking can be given in the query, because proxies drop the body of a DELETE', async () => {
  const { left, now } = await moved()

  const unlocked = await desk.delete(`/addresses/${left}/lock?reason=${encodeURIComponent('Ticket 12')}`)

  expect(unlocked).toHaveStatus(204)
  const { body } = await desk.get(`/users/${await desk.idOf(now)}/events?limit=1`)
  expect(body.events[0].details).toMatchObject({
    reason: 'Ticket 12',
    address: left,
    lockReason: 'email_changed',
    lockedAt: expect.stringMatching(/Z$/),
  })
})

test('unlocking an erased person’s address is recorded without the address', async () => {
  const { email } = await people.verified()
  await desk.delete(`/users/${await desk.idOf(email)}`)

  expect(await desk.delete(`/addresses/${email}/lock`)).toHaveStatus(204)

  const [unlocked] = await eventsOf(deps, 'address.unlocked')
  expect(unlocked).toMatchObject({ accountId: null, details: { lockReason: 'account_erased' } })
  expect(JSON.stringify(unlocked)).not.toContain(email)
})

test('a revert link no longer works once another account has the address that it would restore', async () => {
  const { left, now } = await moved()
  const token = await mailbox.token(left, 'email_changed')
  await desk.delete(`/addresses/${left}/lock`)
  const bob = await people.verified({ email: left })

  const answer = await api.post('/v1/email/change/revert', { token })

  expect(answer).toRefuse('link_expired')
  expect((await bob.get('/v1/me')).body.email).toBe(left)
  expect(await api.post('/v1/login', { email: now, password: 'Correct-Horse-7' })).toHaveStatus(200)
})

test('a refused request to unlock an address records no unlocking', async () => {
  const { now } = await moved()

  await desk.delete(`/addresses/${now}/lock`)

  expect(await desk.trailOf(await desk.idOf(now))).not.toContain('address.unlocked')
})

test.each(['not-an-address', 'a@b@', '%00', 'a%0a@example.com', 'a,b@example.com'])(
  'Support is told that %s is not an address',
  async (email) => {
    expect(await desk.get(`/addresses/${email}`)).toRefuse('invalid_email')
    expect(await desk.delete(`/addresses/${email}/lock`)).toRefuse('invalid_email')
  },
)

test.each([
  [{ reason: 'x'.repeat(501) }, ''],
  [{ reason: 5 }, ''],
  [{ because: 'x' }, ''],
  [undefined, '?reason=%00'],
  [undefined, '?because=x'],
])('a reason that cannot be stored is refused: %j %s', async (body, query) => {
  const { left } = await moved()

  expect(await desk.delete(`/addresses/${left}/lock${query}`, body)).toRefuse('invalid_request')
  expect(await desk.addressState(left)).toBe('locked')
})
