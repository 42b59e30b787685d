import { describe, expect, test } from '@jest/globals'
import type { Answer } from '../../support/api.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { RECEIPT } from '../../support/receipt.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, mailbox, people, logIn } = await startTestApp()

const PASSWORD = 'Correct-Horse-7'
const register = (email: string, password = PASSWORD) => api.post('/v1/register', { email, password })
const open = (token: string) => api.post('/v1/email/verify', { token })

/** Everything a stranger can see of an answer, except what differs in every answer. */
const looks = ({ status, body, headers }: Answer) => {
  const { 'x-request-id': _id, date: _date, ...others } = headers
  return { status, body: { ...body, receipt: body.receipt.replace(/[0-9A-Z]/g, 'X') }, headers: others }
}

test('a registration becomes an account when its link is opened', async () => {
  const email = people.newEmail('ada')

  const asked = await register(email)
  const before = await logIn(email)
  const opened = await open(await mailbox.token(email, 'verify_email'))
  const after = await logIn(email)

  expect(asked).toHaveStatus(202)
  expect(asked.body).toEqual({ status: 'verification_sent', receipt: expect.stringMatching(RECEIPT) })
  expect(before).toRefuse('email_not_verified')
  expect(opened.body).toEqual({ email })
  expect(after).toHaveStatus(200)
})

describe('a new, a used and a locked address', () => {
  test('get the same answer', async () => {
    const used = (await people.verified()).email
    const locked = await people.lockedEmail()

    const [toNew, toUsed, toLocked] = [await register(people.newEmail()), await register(used), await register(locked)]

    expect(toNew).toHaveStatus(202)
    expect(looks(toUsed)).toEqual(looks(toNew))
    expect(looks(toLocked)).toEqual(looks(toNew))
  })

  test('get different mails: a link, word of the account there is, and whom to ask', async () => {
    const fresh = people.newEmail()
    const used = (await people.verified()).email
    const locked = await people.lockedEmail()

    expect(await mailbox.during(() => register(fresh))).toEqual([`verify_email to ${fresh}`])
    expect(await mailbox.during(() => register(used))).toEqual([`already_registered to ${used}`])
    expect(await mailbox.during(() => register(locked))).toEqual([`address_locked to ${locked}`])

    const [toUsed, toLocked] = [(await mailbox.to(used)).at(-1), (await mailbox.to(locked)).at(-1)]
    expect(toUsed?.token).toBeNull()
    expect(toLocked?.token).toBeNull()
    expect(toLocked?.text).toContain('help@acme.example')
  })
})

test('registering an address in use changes nothing of its account', async () => {
  const ada = await people.verified()

  await register(ada.email, 'Somebody-Else-8')
  await mailbox.drain()

  // As for a free address: an answer of its own would say that this one has an account.
  expect(await logIn(ada.email, 'Somebody-Else-8')).toRefuse('email_not_verified')
  expect(await logIn(ada.email)).toHaveStatus(200)
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('an address in use is recognised in another case, and the mail goes to the one stored', async () => {
  const ada = await people.verified({ email: people.newEmail('Ada.Lovelace') })

  const mails = await mailbox.during(() => register(ada.email.toUpperCase()))

  expect(mails).toEqual([`already_registered to ${ada.email}`])
  const mail = await deps.db.mail.findFirst({ where: { kind: 'already_registered', email: ada.email } })
  expect(mail?.accountId).toBe((await ada.get('/v1/me')).body.id) // Support finds it among the account's
})

test('an address is trimmed, its domain put into lower-case ASCII, its local part kept as typed', async () => {
  await register(' Jo.Ann+news@MÜNCHEN.example\n')

  expect(await mailbox.kinds('Jo.Ann+news@xn--mnchen-3ya.example')).toEqual(['verify_email'])
  const opened = await open(await mailbox.token('Jo.Ann+news@xn--mnchen-3ya.example', 'verify_email'))
  expect(opened.body).toEqual({ email: 'Jo.Ann+news@xn--mnchen-3ya.example' })
})

test.each([
  ['nothing', ''],
  ['no at sign', 'ada.example.com'],
  ['no local part', '@example.com'],
  ['no domain', 'ada@'],
  ['a domain without a dot', 'ada@localhost'],
  ['a blank inside', 'ada lovelace@example.com'],
  ['two addresses', 'ada@example.com,eve@example.com'],
  ['a display name', 'Ada <ada@example.com>'],
  ['a local part of 65 characters', `${'a'.repeat(65)}@example.com`],
  ['255 characters', `ada@${'a.'.repeat(124)}com`],
])('an address with %s is refused, and the field named', async (_flaw, email) => {
  const mails = await mailbox.during(async () => {
    const answer = await register(email)

    expect(answer).toRefuse('invalid_email')
    expect(answer.body.violations).toEqual([{ field: 'email', rule: 'email', message: expect.any(String) }])
  })

  expect(mails).toEqual([])
})

test('a password that breaks rules is refused with every one of them, and no mail is sent', async () => {
  const mails = await mailbox.during(async () => {
    const answer = await register(people.newEmail(), 'abc')

    expect(answer).toRefuse('password_policy')
    expect(answer.body.violations).toEqual(
      ['min_length', 'uppercase', 'number', 'special'].map((rule) => ({
        field: 'password',
        rule,
        message: expect.any(String),
      })),
    )
  })

  expect(mails).toEqual([])
})

test('the address itself is no password, in whatever case', async () => {
  const email = 'Ada-Lovelace.1815@example.com'

  const whole = await register(email, email.toUpperCase().replace('EXAMPLE', 'example'))
  const localPart = await register(email, 'ada-lOVELACE.1815')

  expect(whole).toRefuse('password_policy')
  expect(whole.body.violations).toMatchObject([{ field: 'password', rule: 'not_email' }])
  expect(localPart.body.violations).toMatchObject([{ field: 'password', rule: 'not_email' }])
})

test('each registration of an address keeps its own password until its own link is opened', async () => {
  const email = people.newEmail()
  await register(email, 'Password-Of-Eve-1')
  const eves = await mailbox.token(email, 'verify_email')
  await register(email, 'Password-Of-Ada-2')
  const adas = await mailbox.token(email, 'verify_email')

  const opened = await open(adas)

  expect(opened).toHaveStatus(200)
  expect(await logIn(email, 'Password-Of-Ada-2')).toHaveStatus(200)
  expect(await logIn(email, 'Password-Of-Eve-1')).toRefuse('invalid_credentials')
  expect(await open(eves)).toRefuse('link_expired')
})

test('of two registrations of one address confirmed at once, one becomes the account', async () => {
  const email = people.newEmail()
  await Promise.all([register(email, 'Password-Of-Eve-1'), register(email, 'Password-Of-Ada-2')])
  const tokens = (await mailbox.to(email)).map((mail) => mail.token ?? '')

  const answers = await Promise.all(tokens.map(open))

  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 410])
  const signIns = [await logIn(email, 'Password-Of-Eve-1'), await logIn(email, 'Password-Of-Ada-2')]
  expect(signIns.map((answer) => answer.status).sort()).toEqual([200, 401])
})

test('the audit trail has the request, by nobody yet, with where it came from and no address in the clear', async () => {
  const email = people.newEmail('audited')

  const answer = await api.post(
    '/v1/register',
    { email, password: PASSWORD },
    { ip: '203.0.113.9', headers: { 'user-agent': 'Firefox' } },
  )

  const [event] = await eventsOf(deps, 'account.registration_requested')
  expect(event).toMatchObject({
    outcome: 'success',
    accountId: null,
    actorType: 'anonymous',
    ip: '203.0.113.9',
    userAgent: 'Firefox',
    requestId: answer.headers['x-request-id'],
  })
  expect(JSON.stringify(event?.details)).not.toContain('audited')
})
