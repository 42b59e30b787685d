import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people, logIn } = await startTestApp()

const NEW = 'Battery-Staple-8'
const change = (person: Person, currentPassword = person.password, newPassword = NEW) =>
  person.post('/v1/password/change', { currentPassword, newPassword })

test('after a change, the new password signs in and the old one does not', async () => {
  const ada = await people.verified()

  const changed = await change(ada)

  expect(changed).toHaveStatus(200)
  expect(changed.headers['cache-control']).toBe('no-store')
  expect(await logIn(ada.email, NEW)).toHaveStatus(200)
  expect(await logIn(ada.email, ada.password)).toRefuse('invalid_credentials')
})

describe('the session that changes it', () => {
  test('continues with the tokens in the answer', async () => {
    const ada = await people.verified()

    const { body } = await change(ada)

    expect(body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 300,
      refreshToken: expect.any(String),
      refreshExpiresIn: expect.any(Number),
      sessionId: ada.tokens.sessionId,
    })
    expect(await api.get('/v1/me', { token: body.accessToken })).toHaveStatus(200)
    expect(await api.post('/v1/token/refresh', { refreshToken: body.refreshToken })).toHaveStatus(200)
  })

  test('can no longer use its old tokens, without a grace period', async () => {
    const ada = await people.verified()

    const { body } = await change(ada)

    expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
    expect(await api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken })).toRefuse(
      'refresh_token_invalid',
    )
    expect(await api.get('/v1/me', { token: body.accessToken })).toHaveStatus(200)
  })

  test('revives no token that was consumed before', async () => {
    const ada = await people.verified()
    const spent = ada.tokens.refreshToken
    await ada.refresh()

    await change(ada)

    expect(await api.post('/v1/token/refresh', { refreshToken: spent })).toRefuse('refresh_token_invalid')
  })

  test('does not expire later', async () => {
    const ada = await people.verified()
    clock.advance(200)

    const { body } = await change(ada)

    expect(body.refreshExpiresIn).toBeLessThanOrEqual(2_592_000 - 200)
  })
})

test('a password change revokes every other session', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()

  await change(ada)

  expect(await phone.get('/v1/me')).toRefuse('unauthenticated')
  expect(await phone.refresh()).toRefuse('refresh_token_invalid')
})

describe('mailed links', () => {
  test('of a reset are ended by a password change', async () => {
    const ada = await people.verified()
    await api.post('/v1/password/forgot', { email: ada.email })
    const token = await mailbox.token(ada.email, 'reset_password')

    await change(ada)

    expect(await api.post('/v1/password/reset', { token, newPassword: 'Of-A-Thief-9' })).toRefuse('link_expired')
  })

  test('of an email change are ended by a password change, and so is the change', async () => {
    const ada = await people.verified()
    const newEmail = people.newEmail()
    await ada.changeEmail(newEmail)
    const token = await mailbox.token(newEmail, 'confirm_email')

    const { body } = await change(ada)

    expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('link_expired')
    expect(await api.get('/v1/email/change', { token: body.accessToken })).toRefuse('not_found')
  })

  test('that revert an email change are not ended by a password change', async () => {
    const ada = await people.verified()
    const former = ada.email
    await people.move(ada, people.newEmail())
    const token = await mailbox.token(former, 'email_changed')

    await change(ada)

    expect((await api.post('/v1/email/change/revert', { token })).body).toEqual({ email: former, outcome: 'restored' })
  })
})

test('a reauthentication token from before a password change does not work after it', async () => {
  const ada = await people.verified()
  const { reauthToken } = (await ada.post('/v1/reauthenticate', { currentPassword: ada.password })).body

  const { body } = await change(ada)

  const answer = await api.post(
    '/v1/email/change',
    { newEmail: people.newEmail(), reauthToken },
    { token: body.accessToken },
  )
  expect(answer).toRefuse('reauthentication_required')
})

test('a password change mails a notice to the address of the account, and to nobody else', async () => {
  const ada = await people.verified()

  const mails = await mailbox.during(() => change(ada))

  expect(mails).toEqual([`password_changed to ${ada.email}`])
  expect((await mailbox.to(ada.email)).at(-1)?.token).toBeNull()
})

test('a wrong current password changes nothing', async () => {
  const ada = await people.verified()

  const mails = await mailbox.during(async () => {
    expect(await change(ada, 'Not-My-Password-1')).toRefuse('wrong_password')
  })

  expect(mails).toEqual([])
  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await logIn(ada.email, ada.password)).toHaveStatus(200)
})

test('guessing the current password is throttled, and the correct one works after the wait', async () => {
  const ada = await people.verified()
  for (let guess = 1; guess <= 5; guess += 1) expect(await change(ada, `Guess-No-${guess}`)).toRefuse('wrong_password')

  const heldUp = await change(ada)

  expect(heldUp).toRefuse('too_many_attempts')
  expect(heldUp.body.retryAfter).toBeGreaterThan(0)
  clock.advance(heldUp.body.retryAfter)
  expect(await change(ada)).toHaveStatus(200)
})

test('a new password that breaks rules is refused with every one of them, and nothing changes', async () => {
  const ada = await people.verified()

  const weak = await change(ada, ada.password, 'abc')
  const same = await change(ada, ada.password, ada.password)

  expect(weak).toRefuse('password_policy')
  expect(weak.body.violations).toMatchObject(
    ['min_length', 'uppercase', 'number', 'special'].map((rule) => ({ field: 'newPassword', rule })),
  )
  expect(same).toRefuse('password_policy')
  expect(same.body.violations).toMatchObject([{ field: 'newPassword', rule: 'not_current' }])
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('the email address of the account is refused as a password', async () => {
  const ada = await people.verified({ email: 'Ada-L.1815@example.com' })

  const answer = await change(ada, ada.password, 'Ada-L.1815@example.com')

  expect(answer).toRefuse('password_policy')
  expect(answer.body.violations).toMatchObject([{ field: 'newPassword', rule: 'not_email' }])
})

test('the part of the address before the @ is refused as a password, in any case', async () => {
  const ada = await people.verified({ email: 'Grace-H.1906@example.com' })

  const answer = await change(ada, ada.password, 'Grace-h.1906')

  expect(answer).toRefuse('password_policy')
  expect(answer.body.violations).toMatchObject([{ field: 'newPassword', rule: 'not_email' }])
})

test('a password change without an access token is refused', async () => {
  const body = { currentPassword: 'Correct-Horse-7', newPassword: NEW }

  expect(await api.post('/v1/password/change', body)).toRefuse('unauthenticated')
  expect(await api.post('/v1/password/change', body, { token: 'garbage' })).toRefuse('unauthenticated')
})

test('an expired access token changes nothing', async () => {
  const ada = await people.verified()
  clock.advance(301)

  expect(await change(ada)).toRefuse('unauthenticated')
})

test('of two concurrent changes, one succeeds, and its password is in force', async () => {
  const ada = await people.verified()

  const [first, second] = await Promise.all([
    change(ada, ada.password, 'First-Choice-1'),
    change(ada, ada.password, 'Second-Choice-2'),
  ])

  expect([first.status, second.status].filter((status) => status === 200)).toHaveLength(1)
  const [winner, loser] =
    first.status === 200 ? ['First-Choice-1', 'Second-Choice-2'] : ['Second-Choice-2', 'First-Choice-1']
  expect(await logIn(ada.email, winner)).toHaveStatus(200)
  expect(await logIn(ada.email, loser)).toRefuse('invalid_credentials')
})

test('the audit trail has the change and every wrong guess, and where they came from', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  await change(ada, 'Not-My-Password-1')
  const changed = await change(ada)

  const { sessionId } = ada.tokens
  const [row] = await eventsOf(deps, 'password.changed', accountId)
  expect(row).toMatchObject({ outcome: 'success', sessionId, actorId: accountId, ip: '198.51.100.7' })
  expect(row?.requestId).toBe(changed.headers['x-request-id'])
  expect(await eventsOf(deps, 'password.proven', accountId)).toMatchObject([{ outcome: 'failure', sessionId }])
})
