import { describe, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import type { AcceptedMail } from '../support/sendgrid-stand-in.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people, sendgrid } = await startTestApp()

const NEW = 'Battery-Staple-8'
const changePassword = (person: Person) =>
  person.post('/v1/password/change', { currentPassword: person.password, newPassword: NEW })
const newestMail = (email: string) =>
  deps.db.mail.findFirstOrThrow({ where: { address: email.toLowerCase() }, orderBy: { queuedAt: 'desc' } })

/** One mail of every kind, as SendGrid received it, from one journey through the service. */
async function everyMail(): Promise<AcceptedMail[]> {
  const before = sendgrid.mails.length
  const ada = await people.verified()
  const [first, second] = [ada.email, people.newEmail()]
  await people.move(ada, second)
  await api.post('/v1/register', { email: second, password: NEW })
  await changePassword(ada)
  await mailbox.drain()
  await api.post('/v1/email/change/revert', { token: await mailbox.token(first, 'email_changed') })
  const token = await mailbox.token(first, 'reset_after_revert')
  await api.post('/v1/password/reset', { token, newPassword: 'Another-Good-1' })
  await api.post('/v1/password/forgot', { email: first })
  await api.post('/v1/register', { email: second, password: NEW })
  const twice = people.newEmail()
  for (const password of [NEW, 'Another-Good-1']) await api.post('/v1/register', { email: twice, password })
  await mailbox.drain()
  await api.post('/v1/email/verify/resend', { email: twice })
  await mailbox.drain()
  return sendgrid.mails.slice(before)
}

const mails = await everyMail()
const kinds = await Promise.all(
  mails.map(async ({ customArgs }) => {
    const { kind } = await deps.db.mail.findUniqueOrThrow({ where: { id: customArgs['latchkeyMailId'] ?? '' } })
    return kind ?? ''
  }),
)
const WITH_LINK = [
  'verify_email',
  'choose_password',
  'reset_password',
  'reset_after_revert',
  'confirm_email',
  'email_change_requested',
  'email_changed',
]
const WITHOUT_LINK = [
  'already_registered',
  'address_locked',
  'email_change_reverted',
  'password_changed',
  'password_was_reset',
]

describe('the request to SendGrid', () => {
  test('is made for every kind of mail', () => {
    expect([...new Set(kinds)].sort()).toEqual([...WITH_LINK, ...WITHOUT_LINK].sort())
  })

  test('has the configured name and address of the sender, and one recipient', () => {
    for (const { from, replyTo, body } of mails) {
      expect(from).toEqual({ name: 'Acme Support', email: 'support@acme.example' })
      expect(replyTo).toBe('help@acme.example')
      expect(body['personalizations']).toEqual([{ to: [{ email: expect.stringMatching(/^[^,;\s]+$/) }] }])
    }
  })

  test('has one link where the mail has one, in the fragment of the configured page and in both parts', () => {
    for (const [index, { text, html }] of mails.entries()) {
      const expected = WITH_LINK.includes(kinds[index] ?? '') ? 1 : 0
      for (const part of [text, html]) {
        const links = new Set(part.match(/https?:\/\/[^\s"<]+/g) ?? [])
        expect(links.size).toBe(expected)
        for (const link of links) expect(link).toMatch(/^https:\/\/app\.acme\.example\/[a-z-]+#token=[\w-]{43}$/)
      }
    }
  })

  test('has nothing tracked: no clicks, no opens', () => {
    for (const { body } of mails) {
      expect(body['tracking_settings']).toMatchObject({
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
        subscription_tracking: { enable: false },
        ganalytics: { enable: false },
      })
    }
  })

  test('has a subject without anything that was typed, and the product, Support, time and device in both parts', () => {
    for (const [index, { subject, text, html, to }] of mails.entries()) {
      expect(subject).not.toContain(to)
      // The reader at the displaced address may be a thief, who must not learn where the owner is.
      const device = kinds[index] === 'email_change_reverted' ? [] : ['Device', '198.51.100.7']
      for (const part of [text, html]) {
        for (const word of ['Acme', 'help@acme.example', 'When', ...device]) expect(part).toContain(word)
        if (device.length === 0) expect(part).not.toContain('Device')
      }
    }
  })
})

describe('M9: where the notice of a change cannot be sent', () => {
  test('the change stands, and the caller sees success', async () => {
    const ada = await people.verified()
    sendgrid.failWith({ status: 500 })

    const changed = await changePassword(ada)
    await mailbox.drain()
    sendgrid.recover()

    expect(changed).toHaveStatus(200)
    expect(await api.get('/v1/me', { token: changed.body.accessToken })).toHaveStatus(200)
    expect(await api.post('/v1/login', { email: ada.email, password: NEW })).toHaveStatus(200)
  })

  test.each<[string, Parameters<typeof sendgrid.failWith>[0], string]>([
    ['answers 500', { status: 500 }, 'SendGrid answered 500'],
    ['answers 429', { status: 429 }, 'SendGrid refused the mail (429)'],
    ['refuses our key', { status: 401 }, 'SendGrid refused the mail (401)'],
    ['hangs up', 'drop', 'SendGrid could not be reached'],
  ])(
    'because the provider %s, the reason is on record and the mail arrives once it is back',
    async (_what, failure, reason) => {
      const ada = await people.verified()
      sendgrid.failWith(failure, 2)
      await changePassword(ada)

      await mailbox.drain()
      const failed = await newestMail(ada.email)
      await mailbox.drain()
      await mailbox.drain()
      const sent = await newestMail(ada.email)

      expect(failed).toMatchObject({ request: 'password_changed', state: 'queued', attempts: 1 })
      expect(failed.reason).toContain(reason)
      expect(sent).toMatchObject({ id: failed.id, state: 'sent', attempts: 3, reason: null })
      expect((await mailbox.kinds(ada.email)).filter((kind) => kind === 'password_changed')).toHaveLength(1)
    },
  )

  test('because it cannot be rendered, the reason is on record and the mail arrives once that is mended', async () => {
    const ada = await people.verified()
    await changePassword(ada)
    const { id, context } = await newestMail(ada.email)
    await deps.db.mail.update({ where: { id }, data: { context: { at: 'no time at all', ip: null, userAgent: null } } })

    await mailbox.drain()
    const failed = await newestMail(ada.email)
    await deps.db.mail.update({ where: { id }, data: { context: context ?? {} } })
    await mailbox.drain()

    expect(failed).toMatchObject({ id, state: 'queued', reason: expect.stringMatching(/\w/) })
    expect(await mailbox.kinds(ada.email)).toContain('password_changed')
    expect(await newestMail(ada.email)).toMatchObject({ id, state: 'sent' })
  })

  test('because the provider rejects the recipient, it is tried again all the same: it protects the account', async () => {
    const ada = await people.verified()
    sendgrid.failWith({ status: 400, body: { errors: [{ message: 'Does not contain a valid address.' }] } }, 1)

    const changed = await changePassword(ada)
    await mailbox.drain()
    const rejected = await newestMail(ada.email)
    await mailbox.drain()

    expect(changed).toHaveStatus(200)
    expect(rejected.state).not.toBe('failed')
    expect(await newestMail(ada.email)).toMatchObject({ state: 'sent', attempts: 2 })
  })

  test('for three days, it is given up and that is on record', async () => {
    const ada = await people.verified()
    sendgrid.failWith({ status: 503 })
    await changePassword(ada)
    await mailbox.drain()
    clock.advance(3 * 86_400 + 60)
    await mailbox.drain()
    sendgrid.recover()

    expect(await newestMail(ada.email)).toMatchObject({ state: 'failed', reason: 'SendGrid answered 503' })
  })
})

test('a link that was mailed at the third try works, and so does one of a try that seemed to fail', async () => {
  const ada = await people.verified()
  sendgrid.failWith({ status: 500 }, 2)
  await api.post('/v1/password/forgot', { email: ada.email })
  for (let tries = 1; tries <= 3; tries += 1) await mailbox.drain()

  const token = await mailbox.token(ada.email, 'reset_password')

  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
})
