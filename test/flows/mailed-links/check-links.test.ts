import { describe, expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

/** The pages of mailed links ask whether a link works before anything is clicked. Nothing is consumed. */
const { api, clock, deps, mailbox, people } = await startTestApp()
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const check = (link: string, token: string) => api.post(`/v1/email/${link}/check`, { token })

async function registered() {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  return { email, token: await mailbox.token(email, 'verify_email') }
}

async function moving() {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const confirmToken = await mailbox.token(newEmail, 'confirm_email')
  return { ada, newEmail, confirmToken, revertToken: await mailbox.token(ada.email, 'email_change_requested') }
}

describe('a verification link', () => {
  test('is checked without being consumed', async () => {
    const { email, token } = await registered()

    const answers = [await check('verify', token), await check('verify', token)]

    for (const answer of answers) {
      expect(answer).toHaveStatus(200)
      expect(answer.body).toEqual({ emailHint: expect.stringMatching(/@/), expiresAt: expect.stringMatching(TIME) })
      expect(answer.body.emailHint).not.toBe(email)
    }
    expect((await api.post('/v1/email/verify', { token })).body).toEqual({ email })
  })

  test('is refused as the verification would refuse it', async () => {
    const used = await registered()
    await api.post('/v1/email/verify', { token: used.token })

    expect(await check('verify', used.token)).toRefuse('link_used')
    expect(await check('verify', 'A'.repeat(43))).toRefuse('link_invalid')
    const { token } = await registered()
    clock.advance(86_401)
    expect(await check('verify', token)).toRefuse('link_expired')
  })
})

describe('a confirm link', () => {
  test('is checked without being consumed', async () => {
    const { newEmail, confirmToken: token } = await moving()

    const answer = await check('change/confirm', token)

    expect(answer.body).toEqual({ emailHint: expect.stringMatching(/@/), expiresAt: expect.stringMatching(TIME) })
    expect((await api.post('/v1/email/change/confirm', { token })).body).toEqual({ email: newEmail })
    expect(await check('change/confirm', token)).toRefuse('link_used')
  })

  test('is refused while another account has the address, as the confirmation would be', async () => {
    const { newEmail, confirmToken: token } = await moving()
    await people.verified({ email: newEmail })

    expect(await check('change/confirm', token)).toRefuse('email_unavailable')
    expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('email_unavailable')
  })

  test('is refused once its change was cancelled', async () => {
    const { ada, confirmToken } = await moving()
    await ada.delete('/v1/email/change')

    expect(await check('change/confirm', confirmToken)).toRefuse('link_expired')
  })
})

describe('a revert link', () => {
  test('is checked without being consumed, and says what it would do', async () => {
    const { ada, confirmToken, revertToken: token } = await moving()

    const before = await check('change/revert', token)
    await api.post('/v1/email/change/confirm', { token: confirmToken })
    const after = await check('change/revert', token)

    expect(before.body).toEqual({
      emailHint: expect.stringMatching(/@/),
      expiresAt: expect.stringMatching(TIME),
      outcome: 'cancelled',
    })
    expect(after.body).toEqual({ ...before.body, outcome: 'restored' })
    const reverted = await api.post('/v1/email/change/revert', { token })
    expect(reverted.body).toEqual({ email: ada.email, outcome: 'restored' })
    expect(await check('change/revert', token)).toRefuse('link_used')
  })
})

describe('a link that no longer works says what to do next', () => {
  test('a verification link of an address that another link has verified: sign in', async () => {
    const { email, token } = await registered()
    await api.post('/v1/register', { email, password: 'Battery-Staple-8' })
    await api.post('/v1/email/verify', { token: await mailbox.token(email, 'verify_email') })

    const answer = await api.post('/v1/email/verify', { token })

    expect(answer).toRefuse('link_expired')
    expect(answer.body.detail).toBe(
      'This email address has already been verified. Sign in, or reset your password if you do not know it.',
    )
  })

  test('a verification link that was used: sign in', async () => {
    const { token } = await registered()
    await api.post('/v1/email/verify', { token })

    const answer = await api.post('/v1/email/verify', { token })

    expect(answer).toRefuse('link_used')
    expect(answer.body.detail).toMatch(/your email address is verified\. Sign in\.$/)
  })

  test('a reset link that a password change has ended: request a new one', async () => {
    const ada = await people.verified()
    await api.post('/v1/password/forgot', { email: ada.email })
    const token = await mailbox.token(ada.email, 'reset_password')
    await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })

    const answer = await api.post('/v1/password/reset', { token, newPassword: 'Another-Staple-9' })

    expect(answer).toRefuse('link_expired')
    expect(answer.body.detail).toMatch(/has changed since this link was mailed\. Request a new one\.$/)
    expect(answer.body).not.toHaveProperty('support')
  })

  test('a revert link that has expired: contact support, and the answer says how', async () => {
    const { revertToken: token } = await moving()
    clock.advance(604_801)

    const answer = await api.post('/v1/email/change/revert', { token })

    expect(answer).toRefuse('link_expired')
    expect(answer.body.detail).toMatch(/Contact support/)
    expect(answer.body.support).toBe(deps.config.supportContact)
    const checked = await check('change/revert', token)
    expect(checked.body).toMatchObject({ detail: answer.body.detail, support: answer.body.support })
  })
})
