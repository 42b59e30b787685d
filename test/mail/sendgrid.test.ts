import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type OutgoingMail, PermanentMailError, TemporaryMailError } from '../../src/mail/mailer.ts'
import { createSendgridMailer } from '../../src/mail/sendgrid.ts'
import { Secret } from '../../src/security/secret.ts'
import { type SendgridStandIn, startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { exampleMail, HOSTILE_ADDRESSES, LINK } from './example-mail.ts'

const API_KEY = 'SG.kPb3vQ.x7Wz'

let sendgrid: SendgridStandIn

beforeEach(async () => {
  sendgrid = await startSendgridStandIn({ apiKey: API_KEY })
})

afterEach(async () => {
  await sendgrid.close()
})

function mailer(changes: { apiKey?: string; baseUrl?: string; supportContact?: string; timeoutMs?: number } = {}) {
  const { apiKey = API_KEY, baseUrl = sendgrid.url, supportContact = 'help@acme.example', timeoutMs } = changes
  return createSendgridMailer({ apiKey: new Secret(apiKey), baseUrl, supportContact }, timeoutMs)
}

/** The error with which sending ends, and everything that a log could show of it. */
async function failureOf(sending: Promise<unknown>): Promise<{ error: Error; shown: string }> {
  const error = await sending.then(
    () => new Error('it was sent'),
    (thrown: Error) => thrown,
  )
  return { error, shown: `${error.stack} ${inspect(error, { depth: 10, showHidden: true })}` }
}

describe('what SendGrid is given', () => {
  test('one mail reaches one address, with the text before the HTML and its id for the events', async () => {
    const { providerMessageId } = await mailer().send(exampleMail())

    expect(sendgrid.requests).toHaveLength(1)
    const [mail] = sendgrid.mails
    expect(providerMessageId).toBe(mail?.messageId)
    expect(mail).toMatchObject({
      to: 'ada@example.com',
      from: { email: 'support@acme.example', name: 'Acme Support' },
      replyTo: 'help@acme.example',
      subject: 'Reset your password',
      text: exampleMail().text,
      html: exampleMail().html,
      customArgs: { latchkeyMailId: exampleMail().id },
    })
    expect(mail?.body['personalizations']).toEqual([{ to: [{ email: 'ada@example.com' }] }])
    expect(mail?.body['content']).toMatchObject([{ type: 'text/plain' }, { type: 'text/html' }])
  })

  test('nothing is tracked, nothing rewritten, and no list can hold the mail back', async () => {
    await mailer().send(exampleMail())

    expect(sendgrid.mails[0]?.body).toMatchObject({
      tracking_settings: {
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
        subscription_tracking: { enable: false },
        ganalytics: { enable: false },
      },
      mail_settings: { bypass_list_management: { enable: true } },
    })
  })

  test('the mail says that a machine wrote it, and offers no unsubscribing', async () => {
    await mailer().send(exampleMail())

    expect(sendgrid.mails[0]?.headers).toEqual({ 'Auto-Submitted': 'auto-generated' })
  })

  test('a support contact that is no address is no reply-to', async () => {
    await mailer({ supportContact: 'https://acme.example/help' }).send(exampleMail())

    expect(sendgrid.mails[0]?.replyTo).toBeUndefined()
  })

  test('two mailers in one process keep to their own key and host', async () => {
    const other = await startSendgridStandIn({ apiKey: 'SG.other.key' })
    const second = mailer({ apiKey: 'SG.other.key', baseUrl: other.url })

    await Promise.all([mailer().send(exampleMail()), second.send(exampleMail({ to: 'bob@example.com' }))])

    expect(sendgrid.mails.map(({ to }) => to)).toEqual(['ada@example.com'])
    expect(other.mails.map(({ to }) => to)).toEqual(['bob@example.com'])
    await other.close()
  })
})

describe('what is never handed over', () => {
  test.each(HOSTILE_ADDRESSES)('%j is refused before anything goes out', async (to) => {
    const { error } = await failureOf(mailer().send(exampleMail({ to })))

    expect(error).toBeInstanceOf(PermanentMailError)
    expect(sendgrid.requests).toEqual([])
  })

  test('a list of addresses is not an address', async () => {
    const to = ['ada@example.com'] as unknown as string

    expect((await failureOf(mailer().send(exampleMail({ to })))).error).toBeInstanceOf(PermanentMailError)
    expect(sendgrid.requests).toEqual([])
  })

  test.each(['Reset\r\nBcc: eve@evil.example', 'Reset\0', 'Reset\u2028'])(
    'the subject %j is refused',
    async (subject) => {
      const { error } = await failureOf(mailer().send(exampleMail({ subject })))

      expect(error).toBeInstanceOf(PermanentMailError)
      expect(sendgrid.requests).toEqual([])
    },
  )

  test.each(["o'brien+news@example.com", 'a.b_c-d@mail.example.co.uk', 'x@xn--exmple-cua.com'])(
    'the uncommon address %j is still an address',
    async (to) => {
      await mailer().send(exampleMail({ to }))

      expect(sendgrid.mails.map((mail) => mail.to)).toEqual([to])
    },
  )
})

describe('a mail that SendGrid will never take', () => {
  test('the reason for it is the one SendGrid gave', async () => {
    const { error } = await failureOf(mailer().send(exampleMail({ to: 'ada@no-dot' })))

    expect(error).toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe('SendGrid refused the mail (400): Does not contain a valid address.')
  })

  test.each([
    ['a 400 about the recipient', 400, 'personalizations.0.to.0.email'],
    ['a 413', 413, null],
  ])('%s is final', async (_what, status, field) => {
    sendgrid.failWith({ status, body: { errors: [{ message: 'no', field, help: null }] } })

    const { error } = await failureOf(mailer().send(exampleMail()))

    expect(error).toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe(`SendGrid refused the mail (${status}): no`)
    expect(sendgrid.requests).toHaveLength(1)
  })

  test.each([
    ['a 400 about nothing in particular', 400, [{ message: 'Maximum credits exceeded', field: null }]],
    ['a 400 about the sender', 400, [{ message: 'The from address is not verified', field: 'from' }]],
    [
      'a 400 about the sender and the recipient',
      400,
      [
        { message: 'no', field: 'from' },
        { message: 'no', field: 'to' },
      ],
    ],
    ['a 413 that is not SendGrid’s', 413, undefined],
    ['a 415', 415, [{ message: 'no', field: null }]],
    ['a 422', 422, [{ message: 'no', field: null }]],
  ])('%s is not proof, and may pass', async (_what, status, errors) => {
    sendgrid.failWith({ status, body: errors && { errors } })

    const { error } = await failureOf(mailer().send(exampleMail()))

    expect(error).toBeInstanceOf(TemporaryMailError)
  })

  test.each([
    ['200', { status: 200, headers: { 'X-Message-Id': 'x' } }],
    ['202 without a message id', { status: 202 }],
    ['204', { status: 204 }],
    ['200 with a page of a proxy', { status: 200, body: '<html>Welcome</html>' }],
  ])('an answer that SendGrid does not give is no acceptance: %s', async (_what, answer) => {
    sendgrid.failWith(answer)

    const { error } = await failureOf(mailer().send(exampleMail()))

    expect(error).toBeInstanceOf(TemporaryMailError)
    expect(error.message).toContain('SENDGRID_BASE_URL')
  })

  test.each([undefined, '<html>Bad Request</html>', {}, { errors: 'x' }, { errors: [null, { message: 7 }] }])(
    'a refusal with the body %j has no reason but its status',
    async (body) => {
      sendgrid.failWith({ status: 400, ...(body === undefined ? {} : { body }) })

      expect((await failureOf(mailer().send(exampleMail()))).error.message).toBe('SendGrid refused the mail (400)')
    },
  )
})

test('a reason is kept short, on one line', async () => {
  const errors = [{ message: 'one\r\ntwo' }, { message: 'much '.repeat(1000) }]
  sendgrid.failWith({ status: 400, body: { errors } })

  const { error } = await failureOf(mailer().send(exampleMail()))

  expect(error.message).toMatch(/^SendGrid refused the mail \(400\): one two; much much/)
  expect(error.message.length).toBeLessThan(350)
})

describe('a failure that passes', () => {
  test.each([401, 403, 404, 405, 408, 429, 500, 502, 503])('a %d may be tried again', async (status) => {
    sendgrid.failWith({ status, body: { errors: [{ message: 'later' }] } })
    const { error } = await failureOf(mailer().send(exampleMail()))
    sendgrid.recover()

    await mailer().send(exampleMail())

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toMatch(new RegExp(`^SendGrid .*${status}`))
    expect(sendgrid.mails).toHaveLength(1)
  })

  test('a key that SendGrid does not know is said to be the reason, without the key', async () => {
    const { error, shown } = await failureOf(mailer({ apiKey: 'SG.revoked.key' }).send(exampleMail()))

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toMatch(/401.*authorization grant is invalid/)
    expect(shown).not.toContain('SG.revoked.key')
  })

  test('a SendGrid that says nothing is given up after the deadline', async () => {
    sendgrid.failWith('hang')

    const { error } = await failureOf(mailer({ timeoutMs: 300 }).send(exampleMail()))

    expect(error.message).toBe('SendGrid did not answer in time')
    expect(error).not.toBeInstanceOf(PermanentMailError)
  })

  test('an answer that trickles in for ever is given up after the deadline', async () => {
    const dripping = createServer((_request, response) => {
      response.writeHead(202, { 'Content-Type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(drip))
    })
    dripping.listen(0, '127.0.0.1')
    await once(dripping, 'listening')
    const baseUrl = `http://127.0.0.1:${(dripping.address() as AddressInfo).port}`

    const { error } = await failureOf(mailer({ baseUrl, timeoutMs: 300 }).send(exampleMail()))

    expect(error.message).toBe('SendGrid did not answer in time')
    dripping.closeAllConnections()
    dripping.close()
  })

  test('a connection that breaks or is refused may be tried again', async () => {
    sendgrid.failWith('drop', 1)
    const broken = await failureOf(mailer().send(exampleMail()))
    const refused = await failureOf(mailer({ baseUrl: 'http://127.0.0.1:1' }).send(exampleMail()))

    expect(broken.error).not.toBeInstanceOf(PermanentMailError)
    expect(broken.error.message).toBe('SendGrid could not be reached (ECONNRESET)')
    expect(refused.error).not.toBeInstanceOf(PermanentMailError)
    expect(refused.error.message).toBe('SendGrid could not be reached (ECONNREFUSED)')
  })

  test('a redirect does not take the mail to another host', async () => {
    const elsewhere = await startSendgridStandIn()
    sendgrid.failWith({ status: 307, headers: { Location: `${elsewhere.url}v3/mail/send` } })

    const { error } = await failureOf(mailer().send(exampleMail()))

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })
})

test.each<[string, () => void, Partial<OutgoingMail>]>([
  ['a 400 that quotes the request', () => sendgrid.failWith(quoting(400)), {}],
  ['a 403 that quotes the request', () => sendgrid.failWith(quoting(403)), {}],
  ['a 500 that quotes the request', () => sendgrid.failWith(quoting(500)), {}],
  ['a broken connection', () => sendgrid.failWith('drop'), {}],
  ['silence', () => sendgrid.failWith('hang'), {}],
  ['a bad address', () => {}, { to: 'ada@example.com,eve@evil.example' }],
])('the error of %s shows neither the key nor the link nor the mail', async (_name, fail, changes) => {
  fail()

  const { error, shown } = await failureOf(mailer({ timeoutMs: 300 }).send(exampleMail(changes)))

  expect(error.message).not.toBe('it was sent')
  for (const secret of [API_KEY, LINK, LINK.slice(-43), 'Open the link', '<p>']) expect(shown).not.toContain(secret)
})

function quoting(status: number) {
  const message = `not allowed: Bearer ${API_KEY} ${LINK} ${LINK.slice(-43)}`
  return { status, body: { errors: [{ message, field: null, help: null }], echo: exampleMail() } }
}
