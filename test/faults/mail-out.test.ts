import { afterEach, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import type { Failure } from '../support/sendgrid-stand-in.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, people, mailbox, sendgrid, deps, logLines } = await startTestApp()

afterEach(async () => {
  sendgrid.recover()
  await mailbox.drain()
})

const NEW_PASSWORD = 'Battery-Staple-8'

/** Sends one request of each kind that causes mail: four requests, five mails. Returns their answers. */
async function doAllThatMails(person: Person, newcomer: string): Promise<number[]> {
  const answers = [
    await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' }),
    await api.post('/v1/password/forgot', { email: person.email }),
    await person.changeEmail(people.newEmail('moved')),
    await person.post('/v1/password/change', { currentPassword: person.password, newPassword: NEW_PASSWORD }),
  ]
  return answers.map(({ status }) => status)
}

const states = async (email: string) =>
  (await deps.db.mail.findMany({ where: { email }, orderBy: { queuedAt: 'asc' } })).map(
    ({ state, reason, attempts }) => ({
      state,
      reason,
      attempts,
    }),
  )

const OUTAGES: Array<[string, Failure, string]> = [
  ['answers 500', { status: 500 }, 'SendGrid answered 500'],
  [
    'answers 503 with a page of HTML',
    { status: 503, body: '<html>Service Unavailable</html>' },
    'SendGrid answered 503',
  ],
  ['answers 429', { status: 429, headers: { 'Retry-After': '60' } }, 'SendGrid refused the mail (429)'],
  ['refuses the key', { status: 401 }, 'SendGrid refused the mail (401)'],
  ['drops the connection', 'drop', 'SendGrid could not be reached (ECONNRESET)'],
]

test.each(OUTAGES)(
  'M4: while the provider %s, requests succeed, and afterwards every mail arrives once',
  async (_, failure, reason) => {
    const ada = await people.verified()
    const newcomer = people.newEmail('newcomer')
    sendgrid.failWith(failure)

    const answers = await doAllThatMails(ada, newcomer)
    for (let attempt = 0; attempt < 3; attempt += 1) await mailbox.drain()
    const during = await states(newcomer)
    sendgrid.recover()

    expect(answers).toEqual([202, 202, 202, 200])
    expect(during).toMatchObject([{ state: 'queued', reason }])
    expect(during[0]?.attempts).toBeGreaterThanOrEqual(3) // a drain that takes seconds makes the next attempt too
    expect(await mailbox.kinds(newcomer)).toEqual(['verify_email'])
    // The links of a change that is over when the mail can go out at last are not mailed any more.
    expect((await mailbox.kinds(ada.email)).slice(1).sort()).toEqual(['password_changed', 'reset_password'])
    const token = await mailbox.token(newcomer, 'verify_email')
    expect(await api.post('/v1/email/verify', { token })).toHaveStatus(200)
    const reset = await mailbox.token(ada.email, 'reset_password')
    expect(await api.post('/v1/password/reset', { token: reset, newPassword: 'Third-Password-9' })).toHaveStatus(204)
  },
)

test('M4: a mail is retried if the provider accepts the connection and does not answer', async () => {
  const newcomer = people.newEmail('newcomer')
  sendgrid.failWith('hang', 1)
  await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' })

  await mailbox.drain()

  expect(await states(newcomer)).toEqual([{ state: 'queued', reason: 'SendGrid did not answer in time', attempts: 1 }])
  expect(await mailbox.kinds(newcomer)).toEqual(['verify_email'])
})

test('M4: a mail whose recipient the provider rejects is not retried, and the reason is kept', async () => {
  const newcomer = people.newEmail('newcomer')
  sendgrid.failWith({ status: 400, body: { errors: [{ message: 'The address is on a list of ours', field: 'to' }] } })
  await api.post('/v1/register', { email: newcomer, password: 'Correct-Horse-7' })
  await mailbox.drain()
  sendgrid.recover()

  expect(await mailbox.to(newcomer)).toEqual([])
  const [mail] = await states(newcomer)
  expect(mail?.state).toBe('failed')
  expect(mail?.reason).toContain('The address is on a list of ours')
})

test('M4: a mail that cannot be sent does not delay the others', async () => {
  const [first, second] = [people.newEmail('first'), people.newEmail('second')]
  await api.post('/v1/register', { email: first, password: 'Correct-Horse-7' })
  sendgrid.failWith({ status: 500 }, 1)
  await mailbox.drain()
  await api.post('/v1/register', { email: second, password: 'Correct-Horse-7' })

  expect(await mailbox.kinds(second)).toEqual(['verify_email'])
  expect(await mailbox.kinds(first)).toEqual(['verify_email'])
})

test('M9: a notice that cannot be rendered does not undo the change, is logged, and is sent in the end', async () => {
  const ada = await people.verified()
  const change = await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW_PASSWORD })
  const [mail] = await deps.db.mail.findMany({
    where: { accountId: (await ada.get('/v1/me')).body.id, request: 'password_changed' },
  })
  const broken = await deps.pool.query(
    `UPDATE mails SET context = '{"at": "no time"}' WHERE request = 'password_changed'`,
  )
  logLines.length = 0
  await mailbox.drain()
  const during = await mailbox.kinds(ada.email)
  await deps.db.mail.updateMany({ where: { request: 'password_changed' }, data: { context: mail?.context ?? {} } })

  expect(change).toHaveStatus(200)
  expect(broken.rowCount).toBeGreaterThan(0)
  expect(during).not.toContain('password_changed')
  expect(logLines.some((line) => line.includes('mail postponed'))).toBe(true)
  expect(await api.post('/v1/login', { email: ada.email, password: NEW_PASSWORD })).toHaveStatus(200)
  expect(await mailbox.kinds(ada.email)).toContain('password_changed')
})
