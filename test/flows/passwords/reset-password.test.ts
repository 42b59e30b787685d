import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people, logIn } = await startTestApp()

const NEW = 'Battery-Staple-8'
const reset = (token: string, newPassword = NEW, headers: Record<string, string> = {}) =>
  api.post('/v1/password/reset', { token, newPassword }, { headers })

async function forgetful() {
  const person = await people.verified()
  await api.post('/v1/password/forgot', { email: person.email })
  return { person, email: person.email, token: await mailbox.token(person.email, 'reset_password') }
}

test('after a reset, the new password signs in and the old one does not', async () => {
  const { person, email, token } = await forgetful()

  const answer = await reset(token)

  expect(answer).toHaveStatus(204)
  expect(answer.text).toBe('')
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await logIn(email, NEW)).toHaveStatus(200)
  expect(await logIn(email, person.password)).toRefuse('invalid_credentials')
})

test('a reset starts no session: the person signs in with the new password', async () => {
  const { person, token } = await forgetful()
  const { id: accountId } = (await person.get('/v1/me')).body

  await reset(token)

  expect(await deps.db.session.count({ where: { accountId, endedAt: null } })).toBe(0)
})

test('a reset revokes every session of the account', async () => {
  const { person, token } = await forgetful()
  const phone = await person.logIn()

  await reset(token)

  for (const device of [person, phone]) {
    expect(await device.get('/v1/me')).toRefuse('unauthenticated')
    expect(await device.refresh()).toRefuse('refresh_token_invalid')
  }
})

describe('mailed links', () => {
  test('of a pending email change are ended by a reset', async () => {
    const { person, token } = await forgetful()
    const newEmail = people.newEmail()
    await person.changeEmail(newEmail)
    const confirm = await mailbox.token(newEmail, 'confirm_email')

    await reset(token)

    expect(await api.post('/v1/email/change/confirm', { token: confirm })).toRefuse('link_expired')
  })

  test('that revert an email change are not ended by a reset', async () => {
    const ada = await people.verified()
    const former = ada.email
    await people.move(ada, people.newEmail())
    const revert = await mailbox.token(former, 'email_changed')
    await api.post('/v1/password/forgot', { email: ada.email })

    await reset(await mailbox.token(ada.email, 'reset_password'))

    expect((await api.post('/v1/email/change/revert', { token: revert })).body).toEqual({
      email: former,
      outcome: 'restored',
    })
  })
})

test('the address counts as verified', async () => {
  const { email, token } = await forgetful()
  await deps.db.account.updateMany({ where: { email }, data: { emailVerifiedAt: null } }) // as Support makes one

  await reset(token)

  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('throttles on the address are cleared, from wherever the guesses came', async () => {
  const { email, token } = await forgetful()
  for (const ip of ['198.51.100.7', '203.0.113.9']) {
    for (let guess = 1; guess <= 6; guess += 1) await logIn(email, `Guess-No-${guess}`, ip)
    expect(await logIn(email, NEW, ip)).toRefuse('too_many_attempts')
  }

  await reset(token)

  for (const ip of ['198.51.100.7', '203.0.113.9']) expect(await logIn(email, NEW, ip)).toHaveStatus(200)
})

test('a reset mails a notice to the address of the account, and to nobody else', async () => {
  const { email, token } = await forgetful()

  const mails = await mailbox.during(() => reset(token))

  expect(mails).toEqual([`password_was_reset to ${email}`])
  expect((await mailbox.to(email)).at(-1)?.token).toBeNull()
})

test('a reset link works once', async () => {
  const { email, token } = await forgetful()
  await reset(token)

  expect(await reset(token, 'Another-Try-9')).toRefuse('link_used')
  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('of two concurrent resets with one link, one succeeds, and its password is in force', async () => {
  const { email, token } = await forgetful()

  const answers = await Promise.all([reset(token, 'First-Choice-1'), reset(token, 'Second-Choice-2')])

  expect(answers.map((answer) => answer.status).sort()).toEqual([204, 410])
  expect(answers.find((answer) => answer.status === 410)).toRefuse('link_used')
  const [winner, loser] =
    answers[0]?.status === 204 ? ['First-Choice-1', 'Second-Choice-2'] : ['Second-Choice-2', 'First-Choice-1']
  expect(await logIn(email, winner)).toHaveStatus(200)
  expect(await logIn(email, loser)).toRefuse('invalid_credentials')
})

test('of two concurrent resets with two links, one succeeds', async () => {
  const { email, token } = await forgetful()
  await api.post('/v1/password/forgot', { email })
  const second = await mailbox.token(email, 'reset_password')

  const answers = await Promise.all([reset(token, 'First-Choice-1'), reset(second, 'Second-Choice-2')])

  expect(answers.map((answer) => answer.status).sort()).toEqual([204, 410])
  expect(answers.find((answer) => answer.status === 410)).toRefuse('link_expired')
})

test('a password that breaks rules is refused with every one of them, and the link still works', async () => {
  const { person, email, token } = await forgetful()

  const weak = await reset(token, 'abc')
  const same = await reset(token, person.password)
  const address = await reset(token, email)

  expect(weak).toRefuse('password_policy')
  expect(weak.body.violations).toMatchObject(
    ['min_length', 'uppercase', 'number', 'special'].map((rule) => ({ field: 'newPassword', rule })),
  )
  expect(same).toRefuse('password_policy')
  expect(same.body.violations).toMatchObject([{ field: 'newPassword', rule: 'not_current' }])
  expect(address.body.violations).toContainEqual(expect.objectContaining({ rule: 'not_email' }))
  expect(await reset(token)).toHaveStatus(204)
})

test('a reset link works for half an hour', async () => {
  const inTime = await forgetful()
  clock.advance(1790)
  expect(await reset(inTime.token)).toHaveStatus(204)

  const late = await forgetful()
  clock.advance(1801)
  expect(await reset(late.token)).toRefuse('link_expired')
  expect(await logIn(late.email, late.person.password)).toHaveStatus(200)
})

test.each(['', 'not-a-token', 'A'.repeat(43)])('the token "%s" resets nothing', async (token) => {
  expect(await reset(token)).toRefuse('link_invalid')
})

test('a link of another purpose resets nothing', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  expect(await reset(await mailbox.token(email, 'verify_email'))).toRefuse('link_invalid')
})

test('a reset changes the account of the link, whichever account is signed in', async () => {
  const eve = await people.verified()

  for (const authorization of [`Bearer ${eve.token}`, 'Bearer garbage', 'nonsense']) {
    const { email, token } = await forgetful()

    expect(await reset(token, NEW, { authorization })).toHaveStatus(204)
    expect(await logIn(email, NEW)).toHaveStatus(200)
  }
  expect(await eve.get('/v1/me')).toHaveStatus(200)
  expect(await logIn(eve.email, NEW)).toRefuse('invalid_credentials')
})

test('a reset link stops working when the account is disabled', async () => {
  const { email, token } = await forgetful()
  await deps.db.account.updateMany({ where: { email }, data: { disabledAt: clock.now() } })

  expect(await reset(token)).toRefuse('link_expired')
})

test('the audit trail has the reset and where it came from', async () => {
  const { person, token } = await forgetful()
  const { id: accountId } = (await person.get('/v1/me')).body

  const answer = await api.post('/v1/password/reset', { token, newPassword: NEW }, { ip: '203.0.113.9' })

  expect(await eventsOf(deps, 'password.reset', accountId)).toMatchObject([
    { outcome: 'success', ip: '203.0.113.9', requestId: answer.headers['x-request-id'] },
  ])
})
