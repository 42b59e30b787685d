import { afterAll, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { simpleParser } from 'mailparser'
import { startSmtpCatcher } from '../support/smtp-catcher.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const smtp = await startSmtpCatcher()
afterAll(() => smtp.close())

const overSmtp = await startTestApp({ env: { MAIL_TRANSPORT: 'smtp', SMTP_URL: smtp.url } })
const overSendgrid = await startTestApp()

const NEW_PASSWORD = 'Battery-Staple-8'

/** The counter of the metrics: `kind outcome` → count. */
async function mailCounts({ api }: TestApp): Promise<Record<string, number>> {
  const { text } = await api.get('/metrics')
  const lines = text.matchAll(/^latchkey_mails_total\{kind="(\w+)",outcome="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...lines].map(([, kind, outcome, count]) => [`${kind} ${outcome}`, Number(count)]))
}

/** Creates an account. `tokenIn` reads the token of its mail, because each transport delivers to another place. */
async function accountOf({ api, deps, mailbox, people }: TestApp, tokenIn: (email: string) => Promise<string>) {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()
  await api.post('/v1/email/verify', { token: await tokenIn(email) })
  expect(await deps.db.account.count({ where: { email } })).toBe(1)
  return people.signedIn(email, 'Correct-Horse-7')
}

const tokenOverSmtp = async (email: string) => {
  const newest = smtp.deliveries.filter(({ recipients }) => recipients.includes(email)).at(-1)
  const { text = '' } = await simpleParser(newest?.raw ?? '')
  return /#token=([\w-]+)/.exec(text)?.[1] ?? ''
}

test.each([
  ['recipient', 550, '5.4.5 Daily sending limit exceeded'],
  ['recipient', 554, '5.7.1 Client host blocked'],
  ['message', 550, '5.7.26 Unauthenticated mail'],
  ['sender', 553, '5.7.1 Sender address rejected: not owned by user'],
] as const)('while the SMTP server refuses every %s with %d %s, no mail is lost', async (step, code, text) => {
  const { api, deps, mailbox, people } = overSmtp
  const ada = await accountOf(overSmtp, tokenOverSmtp)
  const newcomer = people.newEmail('newcomer')
  const before = await mailCounts(overSmtp)
  smtp.refusals[step] = { code, text }

  await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' })
  await ada.changeEmail(people.newEmail('moved'))
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW_PASSWORD })
  for (let attempt = 0; attempt < 3; attempt += 1) await mailbox.drain()
  const during = await deps.db.mail.findMany({ where: { address: { in: [newcomer, ada.email] }, sentAt: null } })
  delete smtp.refusals[step]
  await mailbox.drain()

  expect(during.filter(({ state }) => state === 'failed')).toEqual([])
  const received = smtp.deliveries.flatMap(({ recipients }) => recipients)
  expect(received).toContain(newcomer)
  expect(received.filter((address) => address === ada.email).length).toBeGreaterThan(1)
  const after = await mailCounts(overSmtp)
  expect(after['verify_email postponed']).toBe((before['verify_email postponed'] ?? 0) + 3)
  expect(after['verify_email sent']).toBe((before['verify_email sent'] ?? 0) + 1)
  expect(after['password_changed sent']).toBe((before['password_changed sent'] ?? 0) + 1)
  expect(Object.keys(after).filter((name) => name.endsWith('failed'))).toEqual([])
})

test.each([
  ['a quota', 403, [{ message: 'Maximum credits exceeded', field: null }]],
  ['the sender', 400, [{ message: 'The from address does not match a verified Sender Identity', field: 'from' }]],
  ['the key', 401, [{ message: 'Permission denied', field: null }]],
])('while SendGrid refuses every mail because of %s, no mail is lost', async (_reason, status, errors) => {
  const { api, mailbox, people, sendgrid } = overSendgrid
  const ada = await people.verified()
  const newcomer = people.newEmail('newcomer')
  const before = await mailCounts(overSendgrid)
  sendgrid.failWith({ status, body: { errors } })

  await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' })
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW_PASSWORD })
  for (let attempt = 0; attempt < 3; attempt += 1) await mailbox.drain()
  sendgrid.recover()

  expect(await mailbox.kinds(newcomer)).toEqual(['verify_email'])
  expect(await mailbox.kinds(ada.email)).toContain('password_changed')
  const after = await mailCounts(overSendgrid)
  expect(after['password_changed postponed']).toBe((before['password_changed postponed'] ?? 0) + 3)
  expect(after['password_changed sent']).toBe((before['password_changed sent'] ?? 0) + 1)
})

test('an answer of something else than SendGrid does not count as sent', async () => {
  const { api, mailbox, people, sendgrid } = overSendgrid
  const newcomer = people.newEmail('newcomer')
  sendgrid.failWith({ status: 200, body: '<html>Welcome to the proxy</html>' })
  await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' })

  await mailbox.drain()
  sendgrid.recover()

  expect(await mailbox.kinds(newcomer)).toEqual(['verify_email'])
})

test('a mail that protects an account is retried even if the provider says that its mailbox does not exist', async () => {
  const { deps, mailbox, people, sendgrid } = overSendgrid
  const ada = await people.verified()
  sendgrid.failWith({ status: 400, body: { errors: [{ message: 'no', field: 'personalizations.0.to.0.email' }] } })

  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW_PASSWORD })
  await mailbox.drain()
  const [during] = await deps.db.mail.findMany({ where: { address: ada.email, request: 'password_changed' } })
  sendgrid.recover()

  expect(during).toMatchObject({ state: 'queued', attempts: 1 })
  expect(await mailbox.kinds(ada.email)).toContain('password_changed')
})

test('what no mail was sent for is counted too', async () => {
  const { api, mailbox, people } = overSendgrid
  const before = await mailCounts(overSendgrid)

  await api.post('/v1/password/forgot', { email: people.newEmail('nobody') })
  await mailbox.drain()

  const after = await mailCounts(overSendgrid)
  expect(after['reset_password no_account']).toBe((before['reset_password no_account'] ?? 0) + 1)
})

test('the log names no address, even if the provider’s answer does', async () => {
  const { api, logLines, mailbox, people } = overSmtp
  const email = people.newEmail('private')
  smtp.refusals.recipient = { code: 550, text: `5.4.5 <${email}>: try another day, ${email.replace('@', '=40')}` }
  logLines.length = 0

  const answer = await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()
  delete smtp.refusals.recipient

  const line = logLines.find((each) => each.includes('mail postponed')) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({
    reason: 'The SMTP server refused RCPT TO: 550 5.4.5 <[address withheld]>: try another day, [address withheld]',
    requestId: answer.headers['x-request-id'],
  })
  expect(logLines.join('')).not.toContain(email.split('@')[0])
  await mailbox.drain()
})
