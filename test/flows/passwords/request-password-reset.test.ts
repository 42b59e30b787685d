import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { RECEIPT } from '../../support/receipt.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people, sendgrid } = await startTestApp()

const forgot = (email: string, headers: Record<string, string> = {}) =>
  api.post('/v1/password/forgot', { email }, { headers })
const reset = (token: string, newPassword = 'Battery-Staple-8') =>
  api.post('/v1/password/reset', { token, newPassword })
const check = (token: string) => api.post('/v1/password/reset/check', { token })

/** Requests this many links one after the other, and returns the tokens that were mailed. */
async function links(email: string, times: number): Promise<string[]> {
  for (let asked = 1; asked <= times; asked += 1) {
    await forgot(email)
    await mailbox.drain()
  }
  const mails = (await mailbox.to(email)).filter((mail) => mail.kind === 'reset_password')
  return mails.map((mail) => mail.token ?? '')
}

test('the account’s address gets a link that sets a new password', async () => {
  const ada = await people.verified()

  const mails = await mailbox.during(async () => {
    const answer = await forgot(ada.email)

    expect(answer).toHaveStatus(202)
    expect(answer.body).toEqual({ status: 'accepted', receipt: expect.stringMatching(RECEIPT) })
  })

  expect(mails).toEqual([`reset_password to ${ada.email}`])
  expect(await reset(await mailbox.token(ada.email, 'reset_password'))).toHaveStatus(204)
})

test('the answer has the same shape whether or not there is such an account, and nobody else is mailed', async () => {
  const known = (await people.verified()).email
  const addresses = [known, people.newEmail('nobody'), await people.lockedEmail()]

  const mails = await mailbox.during(async () => {
    for (const answer of await Promise.all(addresses.map((email) => forgot(email)))) {
      expect(answer).toHaveStatus(202)
      expect(answer.body).toEqual({ status: 'accepted', receipt: expect.stringMatching(RECEIPT) })
    }
  })

  expect(mails).toEqual([`reset_password to ${known}`])
})

test('every request has a receipt of its own', async () => {
  const { email } = await people.verified()

  const answers = await Promise.all([forgot(email), forgot(email), forgot(people.newEmail())])

  expect(new Set(answers.map((answer) => answer.body.receipt)).size).toBe(3)
})

test('a reset link can be requested while signed in, for any address', async () => {
  const ada = await people.verified()
  const eve = await people.verified()

  for (const authorization of [`Bearer ${ada.token}`, `Bearer ${eve.token}`, 'Bearer garbage']) {
    const mails = await mailbox.during(() => forgot(ada.email, { authorization }))

    expect(mails).toEqual([`reset_password to ${ada.email}`])
  }
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('the mail goes to the address stored, however the one in the request was typed', async () => {
  const ada = await people.verified({ email: people.newEmail('Ada.Lovelace') })

  const mails = await mailbox.during(() => forgot(` ${ada.email.toUpperCase()} `))

  expect(mails).toEqual([`reset_password to ${ada.email}`])
})

test('asking changes nothing by itself: the password and the sessions stand', async () => {
  const ada = await people.verified()

  await forgot(ada.email)
  await mailbox.drain()

  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await ada.logIn()).toBeDefined()
})

describe('asked for three times', () => {
  test('every link works until one is used', async () => {
    const { email } = await people.verified()

    const tokens = await links(email, 3)

    expect(new Set(tokens).size).toBe(3)
    for (const token of tokens) expect(await check(token)).toHaveStatus(200)
  })

  test.each([0, 1, 2])('of three links, using link number %i ends the others', async (used) => {
    const { email } = await people.verified()
    const tokens = await links(email, 3)

    expect(await reset(tokens[used] ?? '')).toHaveStatus(204)

    for (const [index, token] of tokens.entries()) {
      expect(await check(token)).toRefuse(index === used ? 'link_used' : 'link_expired')
    }
  })

  test('a fourth request is accepted alike and mails nothing: three links wait already', async () => {
    const { email } = await people.verified()
    const tokens = await links(email, 3)

    const mails = await mailbox.during(async () => expect(await forgot(email)).toHaveStatus(202))

    expect(mails).toEqual([])
    for (const token of tokens) expect(await check(token)).toHaveStatus(200)
  })

  test('a fourth link comes once the first three are too old', async () => {
    const { email } = await people.verified()
    await links(email, 3)
    clock.advance(1801)

    expect(await mailbox.during(() => forgot(email))).toEqual([`reset_password to ${email}`])
  })
})

test('asked for twice at once, two links come and both are alive', async () => {
  const { email } = await people.verified()
  await Promise.all([forgot(email), forgot(email)])

  const tokens = await links(email, 0)

  expect(tokens).toHaveLength(2)
  for (const token of tokens) expect(await check(token)).toHaveStatus(200)
})

test('a disabled account gets no link', async () => {
  const ada = await people.verified()
  await deps.db.account.updateMany({ where: { email: ada.email }, data: { disabledAt: clock.now() } })

  expect(await mailbox.during(() => forgot(ada.email))).toEqual([])
})

test('a person who registered and lost the first mail gets in with a reset link', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()

  await forgot(email)

  expect(await reset(await mailbox.token(email, 'reset_password'))).toHaveStatus(204)
  expect(await api.post('/v1/login', { email, password: 'Battery-Staple-8' })).toHaveStatus(200)
})

test('what is no address is refused, and the field named', async () => {
  const answer = await forgot('ada@')

  expect(answer).toRefuse('invalid_email')
  expect(answer.body.violations).toMatchObject([{ field: 'email', rule: 'email' }])
})

test('the audit trail of the account has each request that led to a link, with where it came from', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const asked = await api.post(
    '/v1/password/forgot',
    { email: ada.email },
    { ip: '203.0.113.9', headers: { 'user-agent': 'Firefox' } },
  )
  await mailbox.drain()

  expect(await eventsOf(deps, 'password.reset_requested', accountId)).toMatchObject([
    {
      outcome: 'success',
      actorType: 'anonymous',
      ip: '203.0.113.9',
      userAgent: 'Firefox',
      requestId: asked.headers['x-request-id'],
    },
  ])
})

test('the audit trail has a request once, however often its mail is tried', async () => {
  const { email, ...ada } = await people.verified()
  const { id: accountId } = (await api.get('/v1/me', { token: ada.tokens.accessToken })).body

  await forgot(email)
  sendgrid.failWith({ status: 500 }, 2)
  for (let tries = 1; tries <= 3; tries += 1) await mailbox.drain()

  expect(await mailbox.kinds(email)).toContain('reset_password')
  expect(await eventsOf(deps, 'password.reset_requested', accountId)).toHaveLength(1)
})
