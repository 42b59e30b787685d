import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { RECEIPT } from '../../support/receipt.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const PASSWORD = 'Correct-Horse-7'
const register = (email: string, password = PASSWORD) => api.post('/v1/register', { email, password })
const resend = (email: string) => api.post('/v1/email/verify/resend', { email })
const open = (token: string) => api.post('/v1/email/verify', { token })

async function registered(): Promise<string> {
  const email = people.newEmail()
  await register(email)
  await mailbox.drain()
  return email
}

test('a person who has registered receives another link, which creates the account', async () => {
  const email = await registered()

  const mails = await mailbox.during(async () => {
    const answer = await resend(email)

    expect(answer).toHaveStatus(202)
    expect(answer.body).toEqual({ status: 'accepted', receipt: expect.stringMatching(RECEIPT) })
  })

  expect(mails).toEqual([`verify_email to ${email}`])
  expect(await open(await mailbox.token(email, 'verify_email'))).toHaveStatus(200)
  expect(await api.post('/v1/login', { email, password: PASSWORD })).toHaveStatus(200)
})

test('the first link works after a second was requested, and using either ends the other', async () => {
  const email = await registered()
  const first = await mailbox.token(email, 'verify_email')
  await resend(email)
  const second = await mailbox.token(email, 'verify_email')
  expect(second).not.toBe(first)

  expect(await open(first)).toHaveStatus(200)
  expect(await open(second)).toRefuse('link_expired')
})

test('the answer is the same for unknown, registered, verified and locked addresses', async () => {
  const addresses = [people.newEmail(), await registered(), (await people.verified()).email, await people.lockedEmail()]

  const answers = await Promise.all(addresses.map(resend))

  for (const { status, body } of answers)
    expect({ status, body }).toEqual({
      status: 202,
      body: { status: 'accepted', receipt: expect.stringMatching(RECEIPT) },
    })
})

test('a verified address is told that it already has an account', async () => {
  const { email } = await people.verified()

  expect(await mailbox.during(() => resend(email))).toEqual([`already_registered to ${email}`])
})

test('an address without a registration, and a locked address, get no verification mail', async () => {
  const addresses = [people.newEmail(), await people.lockedEmail()]

  const mails = await mailbox.during(() => Promise.all(addresses.map(resend)))

  expect(mails).toEqual([])
})

test('a registration whose address was locked meanwhile is told whom to ask', async () => {
  const email = await registered()
  const ada = await people.verified()
  await people.move(ada, email)
  await people.move(ada, people.newEmail())

  expect(await mailbox.during(() => resend(email))).toEqual([`address_locked to ${email}`])
})

test('where two people have registered one address, its owner chooses the password', async () => {
  const email = await registered()
  await register(email, 'Somebody-Else-8')

  const mails = await mailbox.during(() => resend(email))

  expect(mails).toContain(`choose_password to ${email}`)
  const token = await mailbox.token(email, 'choose_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Chosen-By-Me-9' })).toHaveStatus(204)
  expect(await api.post('/v1/login', { email, password: 'Somebody-Else-8' })).toRefuse('invalid_credentials')
  expect(await api.post('/v1/login', { email, password: 'Chosen-By-Me-9' })).toHaveStatus(200)
})

test('an account that a chosen password opens has its address as it was typed last', async () => {
  const email = await registered()
  const typed = email.replace(/^./, (first) => first.toUpperCase())
  await register(typed, 'Somebody-Else-8')
  await resend(email)
  const token = await mailbox.token(email, 'choose_password')

  await api.post('/v1/password/reset', { token, newPassword: 'Chosen-By-Me-9' })

  const owner = await people.signedIn(email, 'Chosen-By-Me-9')
  expect((await owner.get('/v1/me')).body.email).toBe(typed)
})

test('asked for four times at once, the links come and one account is made of them, all opened at once', async () => {
  const email = await registered()
  await Promise.all([1, 2, 3, 4].map(() => resend(email)))
  const tokens = (await mailbox.to(email)).map((mail) => mail.token ?? '')
  expect(tokens).toHaveLength(5)

  const answers = await Promise.all(tokens.map(open))

  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 410, 410, 410, 410])
  expect(await deps.db.account.count({ where: { email } })).toBe(1)
})

test('a registration that is not verified expires after a week', async () => {
  const email = await registered()
  clock.advance(7 * 86_400 + 1)

  expect(await mailbox.during(() => resend(email))).toEqual([])
})

test('an invalid address is refused, and the answer names the field', async () => {
  const answer = await resend('ada@')

  expect(answer).toRefuse('invalid_email')
  expect(answer.body.violations).toMatchObject([{ field: 'email', rule: 'email' }])
})
