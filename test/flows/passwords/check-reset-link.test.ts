import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const check = (token: string, headers: Record<string, string> = {}) =>
  api.post('/v1/password/reset/check', { token }, { headers })
const reset = (token: string, newPassword = 'Battery-Staple-8') =>
  api.post('/v1/password/reset', { token, newPassword })

/** Somebody with a reset link in the mailbox. */
async function forgetful() {
  const person = await people.verified()
  await api.post('/v1/password/forgot', { email: person.email })
  return { person, token: await mailbox.token(person.email, 'reset_password') }
}

test('a page learns whose link it is, as a hint, and how long it works', async () => {
  const { person, token } = await forgetful()

  const answer = await check(token)

  expect(answer).toHaveStatus(200)
  expect(Object.keys(answer.body).sort()).toEqual(['emailHint', 'expiresAt'])
  expect(answer.headers['cache-control']).toBe('no-store')
  const { emailHint, expiresAt } = answer.body
  expect(emailHint).toMatch(/^p.*@example\.com$/)
  expect(emailHint).not.toContain(person.email.split('@')[0])
  const seconds = (new Date(expiresAt).getTime() - clock.now().getTime()) / 1000
  expect(Math.abs(seconds - 1800)).toBeLessThan(30)
})

test('a check consumes nothing, however often it is made', async () => {
  const { token } = await forgetful()

  const answers = await Promise.all([check(token), check(token), check(token)])

  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
  expect(await reset(token)).toHaveStatus(204)
})

test('the mail’s history shows Support that the link was opened, and when first', async () => {
  const { person, token } = await forgetful()

  await check(token)
  clock.advance(60)
  await check(token)

  const [link] = await deps.db.mailedToken.findMany({ where: { address: person.email, purpose: 'reset_password' } })
  expect(clock.now().getTime() - (link?.checkedAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(60_000)
})

test('a link that was used is reported as used', async () => {
  const { token } = await forgetful()
  await reset(token)

  expect(await check(token)).toRefuse('link_used')
})

test('a reset link passes the check for half an hour', async () => {
  const { token } = await forgetful()

  clock.advance(1790)
  expect(await check(token)).toHaveStatus(200)
  clock.advance(11)
  expect(await check(token)).toRefuse('link_expired')
})

test('a link from before a password change fails the check', async () => {
  const { person, token } = await forgetful()
  await person.post('/v1/password/change', { currentPassword: person.password, newPassword: 'Other-Pass-8' })

  expect(await check(token)).toRefuse('link_expired')
})

test('a link of a registration fails the check once the account exists', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const verify = await mailbox.token(email, 'verify_email')
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')
  expect(await check(token)).toHaveStatus(200)

  await api.post('/v1/email/verify', { token: verify })

  expect(await check(token)).toRefuse('link_expired')
  expect(await reset(token)).toRefuse('link_expired')
})

test.each(['', 'not-a-token', 'A'.repeat(43), 'A'.repeat(5_000)])(
  'what is no link of ours is refused (%#)',
  async (token) => {
    expect(await check(token)).toRefuse('link_invalid')
  },
)

test('a link of another purpose fails the check', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)

  expect(await check(await mailbox.token(newEmail, 'confirm_email'))).toRefuse('link_invalid')
})

test('checking a link works whichever account is signed in', async () => {
  const { person, token } = await forgetful()
  const eve = await people.verified()

  for (const authorization of [`Bearer ${person.token}`, `Bearer ${eve.token}`, 'Bearer garbage', 'nonsense']) {
    expect(await check(token, { authorization })).toHaveStatus(200)
  }
})
