import { expect, jest, test } from '@jest/globals'
import { eventsOf } from '../support/audit.ts'
import { latchkey } from '../support/command-line.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

jest.setTimeout(120_000)

const SECRET_KEY = 'a secret key for tests, 32 bytes or more'
const testApp = await startTestApp({ env: { SECRET_KEY } })
const { api, deps, people, mailbox, databaseUrl } = testApp
const run = (...args: string[]) => latchkey(args, { DATABASE_URL: databaseUrl, SECRET_KEY })

test('sessions end --all ends every session and what it asked for, and says so in the audit trail', async () => {
  const [ada, bob] = [await people.verified(), await people.verified()]
  const moved = people.newEmail()
  await ada.changeEmail(moved)
  const confirm = await mailbox.token(moved, 'confirm_email')

  const { exitCode, stdout } = await run('sessions', 'end', '--all', '--json')

  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ accounts: 2, sessions: 2 })
  for (const person of [ada, bob]) {
    expect(await person.get('/v1/me')).toRefuse('unauthenticated')
    expect(await person.refresh()).toRefuse('refresh_token_invalid')
  }
  expect(await api.post('/v1/email/change/confirm', { token: confirm })).toRefuse('link_expired')
  expect(await eventsOf(deps, 'sessions.ended_by_operator')).toMatchObject([
    { actorType: 'system', actorId: expect.any(String), details: { accounts: 2, sessions: 2 } },
  ])
  expect(await eventsOf(deps, 'session.ended')).toMatchObject([
    { details: { reason: 'revoked_by_operator', all: 1 } },
    { details: { reason: 'revoked_by_operator', all: 1 } },
  ])
})

test('sessions end --all --before ends the sessions from before that time only', async () => {
  const ada = await people.verified()
  await new Promise((resolve) => setTimeout(resolve, 5)) // sessions are told apart by their millisecond
  const between = new Date().toISOString()
  await new Promise((resolve) => setTimeout(resolve, 5))
  const later = await ada.logIn()

  const { stdout } = await run('sessions', 'end', '--all', '--before', between, '--json')

  expect(JSON.parse(stdout)).toEqual({ accounts: 1, sessions: 1 })
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await later.get('/v1/me')).toHaveStatus(200)
})

test('links end --all ends every mailed link, the links that undo an email change too', async () => {
  const ada = await people.verified()
  const moved = people.newEmail()
  await ada.changeEmail(moved)
  const confirm = await mailbox.token(moved, 'confirm_email')
  const revert = await mailbox.token(ada.email, 'email_change_requested')
  await api.post('/v1/password/forgot', { email: ada.email })
  const reset = await mailbox.token(ada.email, 'reset_password')

  const { exitCode, stdout } = await run('links', 'end', '--all', '--json')

  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout).links).toBeGreaterThanOrEqual(3)
  // The command and the service measure the database's clock by themselves, so they differ by some milliseconds.
  await until(async () => (await api.post('/v1/email/change/confirm/check', { token: confirm })).status === 410)
  expect(await api.post('/v1/email/change/confirm', { token: confirm })).toRefuse('link_expired')
  expect(await api.post('/v1/email/change/revert', { token: revert })).toRefuse('link_expired')
  expect(await api.post('/v1/password/reset', { token: reset, newPassword: 'Correct-Horse-8' })).toRefuse(
    'link_expired',
  )
  expect(await eventsOf(deps, 'links.ended_by_operator')).toMatchObject([{ details: { keepRevertLinks: false } }])
})

test('links end --all --keep-revert-links leaves an owner the link that undoes an email change', async () => {
  const ada = await people.verified()
  await ada.changeEmail(people.newEmail())
  const revert = await mailbox.token(ada.email, 'email_change_requested')

  await run('links', 'end', '--all', '--keep-revert-links')

  expect(await api.post('/v1/email/change/revert', { token: revert })).toHaveStatus(200)
})

test.each([['sessions'], ['links']])(
  '%s end without --all, or with a time that does not exist, ends nothing',
  async (things) => {
    const ada = await people.verified()

    const withoutAll = await run(things, 'end')
    const impossible = await run(things, 'end', '--all', '--before', '2026-02-30T00:00:00Z')

    expect([withoutAll.exitCode, impossible.exitCode]).toEqual([2, 2])
    expect(impossible.stderr).toContain('a date and time that exist')
    expect(await ada.get('/v1/me')).toHaveStatus(200)
  },
)

test.each([
  [['--purpose', 'pepper', '--compromised'], 'no password would work'],
  [['--purpose', 'refresh_token', '--alg', 'ES256'], 'signing keys only'],
  [['--purpose', 'address_hash'], 'signing, refresh_token, pepper'],
])('keys rotate %j is refused as wrong use', async (options, reason) => {
  const { exitCode, stderr } = await run('keys', 'rotate', ...options)

  expect(exitCode).toBe(2)
  expect(stderr).toContain(reason)
})

test.each([
  ['sessions', 'end'],
  ['links', 'end'],
  ['keys', 'rotate'],
])('%s %s has a help text', async (...command) => {
  const { exitCode, stdout } = await run(...command, '--help')

  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/--json/)
})
