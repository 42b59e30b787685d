import { beforeAll, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { findViolations } from '../support/invariants.ts'
import { startTestApp } from '../support/test-app.ts'

/** The fault tests rely on this checker, so it has to find every violation. */
const { api, people, mailbox, deps } = await startTestApp()

beforeAll(async () => {
  const ada = await people.verified()
  const next = people.newEmail('next')
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })
  await api.post('/v1/password/forgot', { email: next })
  const token = await mailbox.token(next, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  const answer = await api.post('/v1/login', { email: next, password: 'Battery-Staple-8' })
  await api.post(
    '/v1/password/change',
    { currentPassword: 'Battery-Staple-8', newPassword: 'Third-Password-9' },
    { token: answer.body.accessToken },
  )
})

test('after every kind of change all invariants hold', async () => {
  expect(await findViolations(deps.pool)).toEqual([])
})

const NEW_EVENT = `INSERT INTO events (id, at, type, outcome, account_id, actor_type)
  SELECT gen_random_uuid(), now(), %, 'success', id, 'account' FROM accounts`

test.each([
  ['I1', `UPDATE accounts SET email = 'else@example.com'`],
  ['I2', `UPDATE mailed_tokens SET spent_at = expires_at + interval '1 second' WHERE spent_at IS NOT NULL`],
  ['I2', NEW_EVENT.replace('%', `'password.reset'`)],
  ['I3', `UPDATE sessions SET credential_version = 1, ended_at = NULL, end_reason = NULL`],
  ['I5: a credential change without its event', 'UPDATE accounts SET credential_version = credential_version + 1'],
  ['I5: an event without its mail', `DELETE FROM mails WHERE request = 'password_changed'`],
  ['I5: an event without its mail', NEW_EVENT.replace('%', `'email_change.requested'`)],
  ['I5: registrations', `DELETE FROM mails WHERE request = 'registration'`],
  ['I5: a mail that waits', 'DELETE FROM graphile_worker._private_jobs'],
])('the checker finds a broken %s (%s)', async (name, damage) => {
  const violations: string[] = []
  const client = await deps.pool.connect()
  await client.query('BEGIN')
  await client.query(damage)
  violations.push(...(await findViolations(client)))
  await client.query('ROLLBACK')
  client.release()

  expect(violations.join('\n')).toContain(name)
})
