import { expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const PASSWORD = 'Correct-Horse-7'
const open = (token: string, headers: Record<string, string> = {}) =>
  api.post('/v1/email/verify', { token }, { headers })

/** Somebody who has registered and not yet opened the link. */
async function registered() {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: PASSWORD })
  return { email, token: await mailbox.token(email, 'verify_email') }
}

test('the verification link creates the account with a verified address', async () => {
  const { email, token } = await registered()

  const opened = await open(token)

  expect(opened).toHaveStatus(200)
  expect(opened.body).toEqual({ email })
  expect(opened.headers['cache-control']).toBe('no-store')
  const { accessToken } = (await api.post('/v1/login', { email, password: PASSWORD })).body
  expect((await api.get('/v1/me', { token: accessToken })).body).toMatchObject({ email, emailVerified: true })
})

test('a verification creates no session and mails nobody', async () => {
  const { token } = await registered()

  const mails = await mailbox.during(async () => {
    expect(Object.keys((await open(token)).body)).toEqual(['email'])
  })

  expect(mails).toEqual([])
  expect(await deps.db.session.count()).toBe(
    await deps.db.event.count({ where: { type: 'login', outcome: 'success' } }),
  )
})

test('a verification link works once', async () => {
  const { token } = await registered()

  await open(token)

  expect(await open(token)).toRefuse('link_used')
})

test('of two concurrent requests with one link, one verifies the address', async () => {
  const { email, token } = await registered()

  const answers = await Promise.all([open(token), open(token)])

  const refused = answers.find((answer) => answer.status !== 200)
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
  expect(refused).toRefuse('link_used')
  expect(await deps.db.account.count({ where: { email } })).toBe(1)
})

test('a verification link works for one day', async () => {
  const inTime = await registered()
  clock.advance(86_399 - 60)
  expect(await open(inTime.token)).toHaveStatus(200)

  const late = await registered()
  clock.advance(86_401)
  expect(await open(late.token)).toRefuse('link_expired')
  expect(await api.post('/v1/login', { email: late.email, password: PASSWORD })).toRefuse('email_not_verified')
})

test('a new link can be requested once the first has expired', async () => {
  const { email } = await registered()
  clock.advance(86_401)

  await api.post('/v1/email/verify/resend', { email })

  expect(await open(await mailbox.token(email, 'verify_email'))).toHaveStatus(200)
})

test.each(['', 'not-a-token', 'A'.repeat(43), 'A'.repeat(5_000), 'ünïcode'.repeat(6)])(
  'what is no link of ours is refused (%#)',
  async (token) => {
    expect(await open(token)).toRefuse('link_invalid')
  },
)

test('a link of another purpose verifies nothing', async () => {
  const ada = await people.verified()
  await api.post('/v1/password/forgot', { email: ada.email })

  const answer = await open(await mailbox.token(ada.email, 'reset_password'))

  expect(answer).toRefuse('link_invalid')
})

test('a verification link works regardless of the Authorization header', async () => {
  const eve = await people.verified()

  for (const authorization of [`Bearer ${eve.token}`, 'Bearer garbage', 'nonsense']) {
    const { email, token } = await registered()

    expect((await open(token, { authorization })).body).toEqual({ email })
  }
})

test('a link creates no account if another account has taken the address in the meantime', async () => {
  const { email, token } = await registered()
  const ada = await people.verified()
  await people.move(ada, email)

  expect(await open(token)).toRefuse('link_expired')
  expect((await ada.get('/v1/me')).body.email).toBe(email)
  expect(await deps.db.account.count({ where: { email } })).toBe(1)
})

test('a link verifies the address of an existing account that is not verified yet', async () => {
  const ada = await people.verified()
  const { id } = (await ada.get('/v1/me')).body
  await deps.db.account.update({ where: { id }, data: { emailVerifiedAt: null } }) // as Support makes one
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toRefuse('email_not_verified')
  await api.post('/v1/email/verify/resend', { email: ada.email })

  const opened = await open(await mailbox.token(ada.email, 'verify_email'))

  expect(opened.body).toEqual({ email: ada.email })
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toHaveStatus(200)
})

test('the audit trail has the creation and the verification, and where they came from', async () => {
  const { email, token } = await registered()

  const opened = await api.post('/v1/email/verify', { token }, { ip: '203.0.113.9' })

  const { id: accountId } = await deps.db.account.findFirstOrThrow({ where: { email } })
  const requestId = opened.headers['x-request-id']
  const row = { outcome: 'success', actorType: 'account', actorId: accountId, ip: '203.0.113.9', requestId }
  expect(await eventsOf(deps, 'account.created', accountId)).toMatchObject([row])
  expect(await eventsOf(deps, 'account.email_verified', accountId)).toMatchObject([row])
})
