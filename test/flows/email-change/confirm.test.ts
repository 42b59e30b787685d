import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const confirm = (token: string, headers: Record<string, string> = {}) =>
  api.post('/v1/email/change/confirm', { token }, { headers })

/** Somebody who has asked for a change and has its link. */
async function moving(person?: Person, to = people.newEmail()) {
  const ada = person ?? (await people.verified())
  await ada.changeEmail(to)
  return { ada, former: ada.email, newEmail: to, token: await mailbox.token(to, 'confirm_email') }
}

test('after the confirmation, the account signs in with the new address and not with the old one', async () => {
  const { ada, former, newEmail, token } = await moving()

  const answer = await confirm(token)

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({ email: newEmail })
  expect(answer.headers['cache-control']).toBe('no-store')
  const { password } = ada
  expect(await api.post('/v1/login', { email: newEmail, password })).toHaveStatus(200)
  expect(await api.post('/v1/login', { email: former, password })).toRefuse('invalid_credentials')
})

test('the session that requested the change continues with its refresh token, and every other session is revoked', async () => {
  const { ada, newEmail, token } = await moving()
  const phone = await ada.logIn()

  await confirm(token)

  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await ada.refresh()).toHaveStatus(200)
  expect((await ada.get('/v1/me')).body).toMatchObject({ email: newEmail, emailVerified: true, pendingEmail: null })
  expect(await phone.get('/v1/me')).toRefuse('unauthenticated')
  expect(await phone.refresh()).toRefuse('refresh_token_invalid')
})

test('the old address becomes a locked address that nobody else can register or change to', async () => {
  const { former, token } = await moving()
  const eve = await people.verified()

  await confirm(token)

  expect(await eve.changeEmail(former)).toRefuse('email_unavailable')
  const mails = await mailbox.during(() => api.post('/v1/register', { email: former, password: 'Correct-Horse-7' }))
  expect(mails).toEqual([`address_locked to ${former}`])
})

test('the old address receives a notice with a revert link for seven days, and nobody else is mailed', async () => {
  const { former, newEmail, token } = await moving()

  const mails = await mailbox.during(() => confirm(token))

  expect(mails).toEqual([`email_changed to ${former}`])
  const notice = (await mailbox.to(former)).at(-1)
  expect(notice?.text).toContain('/revert-email#token=')
  expect(notice?.text).toContain('7 days')
  expect(notice?.text).not.toContain(newEmail)
})

test('a confirmation ends the other mailed links of the account', async () => {
  const { ada, token } = await moving()
  await api.post('/v1/password/forgot', { email: ada.email })
  const reset = await mailbox.token(ada.email, 'reset_password')

  await confirm(token)

  const answer = await api.post('/v1/password/reset', { token: reset, newPassword: 'Battery-Staple-8' })
  expect(answer).toRefuse('link_expired')
})

test('a confirmation does not end revert links', async () => {
  const ada = await people.verified()
  const first = ada.email
  await people.move(ada, people.newEmail())
  const revert = await mailbox.token(first, 'email_changed')
  const { token } = await moving(ada)

  await confirm(token)

  expect((await api.post('/v1/email/change/revert', { token: revert })).body).toEqual({
    email: first,
    outcome: 'restored',
  })
})

test('a confirm link works once', async () => {
  const { token } = await moving()
  await confirm(token)

  expect(await confirm(token)).toRefuse('link_used')
})

test('of two concurrent requests with one link, one confirms the change', async () => {
  const { ada, newEmail, token } = await moving()

  const answers = await Promise.all([confirm(token), confirm(token)])

  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 410])
  expect(answers.find((answer) => answer.status === 410)).toRefuse('link_used')
  await ada.refresh()
  expect((await ada.get('/v1/me')).body.email).toBe(newEmail)
})

test('a confirm link works for one day', async () => {
  const { ada, former, token } = await moving()
  clock.advance(86_401)

  expect(await confirm(token)).toRefuse('link_expired')
  await ada.refresh()
  expect((await ada.get('/v1/me')).body.email).toBe(former)
})

test.each(['', 'not-a-token', 'A'.repeat(43)])('the token "%s" confirms nothing', async (token) => {
  expect(await confirm(token)).toRefuse('link_invalid')
})

test('a link of another purpose confirms nothing', async () => {
  const { former, newEmail } = await moving()

  expect(await confirm(await mailbox.token(former, 'email_change_requested'))).toRefuse('link_invalid')
  expect(newEmail).not.toBe(former)
})

test('a confirm link works regardless of who is signed in, on any device', async () => {
  const eve = await people.verified()

  for (const authorization of [`Bearer ${eve.token}`, 'Bearer garbage', 'nonsense']) {
    const { newEmail, token } = await moving()

    expect((await confirm(token, { authorization })).body).toEqual({ email: newEmail })
  }
  expect((await eve.get('/v1/me')).body.email).toBe(eve.email)
})

describe('if another account has taken the new address in the meantime', () => {
  test('the confirmation is refused with the contact of Support, and nothing changes', async () => {
    const { ada, former, newEmail, token } = await moving()
    await people.verified({ email: newEmail })

    const answer = await confirm(token)

    expect(answer).toRefuse('email_unavailable')
    expect(answer.body.support).toBe('help@acme.example')
    expect((await ada.get('/v1/me')).body.email).toBe(former)
    expect(await ada.logIn()).toBeDefined()
  })

  test('a refused confirmation does not consume the link, which works once Support has unlocked the address', async () => {
    const { newEmail, token } = await moving()
    await people.verified({ email: newEmail })
    await confirm(token)
    await deps.db.address.delete({ where: { address: newEmail } }) // what unlocking amounts to

    expect((await confirm(token)).body).toEqual({ email: newEmail })
  })
})

test('of two accounts that confirm one address concurrently, one gets it', async () => {
  const newEmail = people.newEmail()
  const [ada, eve] = [await moving(undefined, newEmail), await moving(undefined, newEmail)]
  expect(ada.token).not.toBe(eve.token)

  const answers = await Promise.all([confirm(ada.token), confirm(eve.token)])

  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409])
  expect(answers.find((answer) => answer.status === 409)).toRefuse('email_unavailable')
  expect(await deps.db.account.count({ where: { email: newEmail } })).toBe(1)
})

test('the audit trail has the confirmation, both addresses and where it came from', async () => {
  const { ada, former, newEmail, token } = await moving()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const answer = await api.post('/v1/email/change/confirm', { token }, { ip: '203.0.113.9' })

  expect(await eventsOf(deps, 'email_change.confirmed', accountId)).toMatchObject([
    {
      outcome: 'success',
      ip: '203.0.113.9',
      requestId: answer.headers['x-request-id'],
      details: { from: former, to: newEmail },
    },
  ])
})
