import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Mailer, PermanentMailError, TemporaryMailError } from '../../src/mail/mailer.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import { Secret } from '../../src/security/secret.ts'
import { inSpan } from '../../src/tracing/span.ts'
import { type SmtpCatcher, startSmtpCatcher } from '../support/smtp-catcher.ts'
import { TraceRecorder, textOf } from '../support/trace-recorder.ts'
import { exampleMail, HOSTILE_ADDRESSES, LINK } from './example-mail.ts'

let catcher: SmtpCatcher
let mailer: Mailer

beforeEach(async () => {
  catcher = await startSmtpCatcher()
  mailer = smtpMailer(catcher.url)
})

afterEach(async () => {
  await mailer.close()
  await catcher.close()
})

function smtpMailer(url: string, supportContact = 'help@acme.example'): Mailer {
  return createSmtpMailer({ url: new Secret(url), supportContact })
}

async function failureOf(sending: Promise<unknown>): Promise<Error> {
  return sending.then(
    () => new Error('it was sent'),
    (thrown: Error) => thrown,
  )
}

describe('what the server is given', () => {
  test('one mail reaches one address, as text and as HTML', async () => {
    await mailer.send(exampleMail())

    const [delivery] = catcher.deliveries
    expect(catcher.deliveries).toHaveLength(1)
    expect(delivery?.sender).toBe('support@acme.example')
    expect(delivery?.recipients).toEqual(['ada@example.com'])
    expect(delivery?.mail.from?.value).toEqual([{ name: 'Acme Support', address: 'support@acme.example' }])
    expect(delivery?.mail.to).toMatchObject({ value: [{ name: '', address: 'ada@example.com' }] })
    expect(delivery?.mail.subject).toBe('Reset your password')
    expect(delivery?.mail.text?.trim()).toBe(exampleMail().text.trim())
    expect(delivery?.mail.html).toBe(exampleMail().html)
    expect(delivery?.mail.attachments).toEqual([])
  })

  test('the text stands before the HTML', async () => {
    await mailer.send(exampleMail())

    const types = catcher.deliveries[0]?.raw.match(/^Content-Type: [a-z/]+/gim)
    expect(types).toEqual([
      'Content-Type: multipart/alternative',
      'Content-Type: text/plain',
      'Content-Type: text/html',
    ])
  })

  test('the mail says that a machine wrote it, where to answer, and offers no unsubscribing', async () => {
    await mailer.send(exampleMail())

    const mail = catcher.deliveries[0]?.mail
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated')
    expect(mail?.replyTo?.value).toEqual([{ name: '', address: 'help@acme.example' }])
    expect(mail?.headers.has('list-unsubscribe')).toBe(false)
  })

  test('a support contact that is no address is no reply-to', async () => {
    const other = smtpMailer(catcher.url, 'https://acme.example/help')
    await other.send(exampleMail())
    await other.close()

    expect(catcher.deliveries[0]?.mail.replyTo).toBeUndefined()
  })

  test('a mail that is sent twice has the same Message-ID both times', async () => {
    const { providerMessageId } = await mailer.send(exampleMail())
    await mailer.send(exampleMail())

    const id = `<${exampleMail().id}@acme.example>`
    expect(catcher.deliveries.map(({ mail }) => mail.messageId)).toEqual([id, id])
    expect(providerMessageId).toBe(id)
  })

  test('names and subjects in any script arrive whole', async () => {
    const from = { name: 'Ācmé, "Süpport" <x@y>', address: 'support@acme.example' }
    await mailer.send(exampleMail({ from, subject: 'Wähle ein neues Passwort' }))

    expect(catcher.deliveries[0]?.mail.from?.value).toEqual([from])
    expect(catcher.deliveries[0]?.mail.subject).toBe('Wähle ein neues Passwort')
  })

  test('mails share a kept connection', async () => {
    for (let index = 0; index < 5; index += 1) await mailer.send(exampleMail())

    expect(catcher.deliveries).toHaveLength(5)
    expect(catcher.connections()).toBe(1)
  })
})

describe('what never goes out', () => {
  test.each(HOSTILE_ADDRESSES)('%j is refused before a connection is made', async (to) => {
    expect(await failureOf(mailer.send(exampleMail({ to })))).toBeInstanceOf(PermanentMailError)
    expect(catcher.connections()).toBe(0)
  })

  test('a subject cannot add a header', async () => {
    const subject = 'Reset\r\nBcc: eve@evil.example'

    expect(await failureOf(mailer.send(exampleMail({ subject })))).toBeInstanceOf(PermanentMailError)
    expect(catcher.connections()).toBe(0)
  })

  test("a sender's name cannot add a header", async () => {
    const from = { name: 'Acme\r\nBcc: eve@evil.example', address: 'support@acme.example' }
    await mailer.send(exampleMail({ from }))

    expect(catcher.deliveries[0]?.recipients).toEqual(['ada@example.com'])
    expect(catcher.deliveries[0]?.mail.headers.has('bcc')).toBe(false)
  })
})

describe('a refusal', () => {
  test.each([
    ['recipient', 550, 'no such mailbox here', 'RCPT TO'],
    ['recipient', 550, '5.1.1 The email account does not exist', 'RCPT TO'],
    ['recipient', 550, '5.1.10 The domain takes no mail', 'RCPT TO'],
    ['recipient', 553, 'no such mailbox here', 'RCPT TO'],
    ['recipient', 550, 'User unknown in virtual mailbox table', 'RCPT TO'],
    ['message', 554, 'no such mailbox here', 'DATA'],
    ['message', 552, '5.3.4 Message too big for system', 'DATA'],
  ] as const)('of the %s with %d %s is final', async (step, code, text, command) => {
    catcher.refusals[step] = { code, text }

    const error = await failureOf(mailer.send(exampleMail()))

    expect(error).toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe(`The SMTP server refused ${command}: ${code} ${text}`)
  })

  test.each([
    ['recipient', 451, 'try later'],
    ['recipient', 450, '4.2.1 mailbox busy'],
    ['recipient', 503, 'try later'],
    ['recipient', 550, '5.4.5 Daily sending limit exceeded'],
    ['recipient', 550, '5.7.1 Relaying denied'],
    ['recipient', 554, '5.7.1 Service unavailable; client host blocked'],
    ['recipient', 550, 'the sender is unknown here'],
    ['recipient', 552, '5.2.2 Mailbox full'],
    ['message', 452, 'try later'],
    ['message', 550, '5.4.5 Daily sending limit exceeded'],
    ['message', 554, 'Message rejected: your account is suspended'],
    ['sender', 451, 'try later'],
    ['sender', 550, '5.1.1 no such user'],
  ] as const)('of the %s with %d %s may pass', async (step, code, text) => {
    catcher.refusals[step] = { code, text }
    const error = await failureOf(mailer.send(exampleMail()))
    delete catcher.refusals[step]

    await mailer.send(exampleMail())

    expect(error).toBeInstanceOf(TemporaryMailError)
    expect(error.message).toContain(`${code} ${text}`)
    expect(catcher.deliveries).toHaveLength(1)
  })

  test('of our login may be tried again, and does not show the password', async () => {
    catcher.refusals.login = { code: 535, text: 'wrong password' }
    const withLogin = smtpMailer(`smtp://latchkey:s3cretWord@127.0.0.1:${catcher.port}`)

    const error = await failureOf(withLogin.send(exampleMail()))
    await withLogin.close()

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toContain('535')
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cretWord')
  })

  test('that quotes the link is kept without it', async () => {
    catcher.refusals.message = { code: 554, text: `spam: ${LINK} and ${LINK.slice(-43)}` }

    const error = await failureOf(mailer.send(exampleMail()))

    expect(error.message).toBe('The SMTP server refused DATA: 554 spam: [withheld] and [withheld]')
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(LINK.slice(-43))
  })
})

describe('a server that is not well', () => {
  test('nobody listening may be tried again', async () => {
    const nowhere = smtpMailer('smtp://127.0.0.1:1')

    const error = await failureOf(nowhere.send(exampleMail()))
    await nowhere.close()

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe('The SMTP server could not be reached (ECONNREFUSED)')
  })

  test('a server that hangs up at once is asked once more, and may be tried again later', async () => {
    let connections = 0
    const rude = await startRawServer((socket) => {
      connections += 1
      socket.destroy()
    })
    const client = smtpMailer(rude.url)

    const error = await failureOf(client.send(exampleMail()))
    await client.close()
    await rude.close()

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe('The SMTP server could not be reached (ECONNECTION)')
    expect(connections).toBe(2)
  })

  test.each<[string, (socket: Socket) => void]>([
    ['never greets', () => {}],
    ['trickles its greeting', (socket) => trickle(socket)],
  ])('a server that %s is given up after the deadline', async (_name, onConnection) => {
    const slow = await startRawServer(onConnection)
    const client = createSmtpMailer({ url: new Secret(slow.url), supportContact: 'help@acme.example' }, 300)

    const error = await failureOf(client.send(exampleMail()))

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe('The SMTP server did not answer in time')
    await client.close()
    await slow.close()
  })

  test('a server that was restarted gets the next mail over a new connection', async () => {
    await mailer.send(exampleMail())
    const before = catcher.deliveries.length
    for (const connection of catcher.sockets()) connection.destroy()

    await mailer.send(exampleMail())

    expect(catcher.deliveries).toHaveLength(before + 1)
    expect(catcher.connections()).toBe(2)
  })
})

test('in a trace, the call to the server is a span, with the code of a refusal and without its text', async () => {
  const traces = new TraceRecorder()
  const delivery = traces
    .start({ info: () => {}, warn: () => {} })
    .start('delivery', { kind: 'consumer', attributes: {} })

  await inSpan(delivery, async () => {
    await mailer.send(exampleMail())
    catcher.refusals.recipient = { code: 550, text: 'ada@example.com is not here' }
    await failureOf(mailer.send(exampleMail()))
  })
  const calls = (await traces.finish()).filter(({ name }) => name === 'SMTP')

  expect(calls.map(({ attributes }) => attributes)).toEqual([
    { 'latchkey.mail.transport': 'smtp' },
    { 'latchkey.mail.transport': 'smtp', 'error.type': 'EENVELOPE' },
  ])
  expect(calls.map(textOf).join('\n')).not.toContain('ada@')
})

function trickle(socket: Socket): void {
  const drip = setInterval(() => socket.write('220-wait\r\n'), 50)
  socket.on('close', () => clearInterval(drip))
  socket.on('error', () => {}) // the client hanging up is the point
}

async function startRawServer(onConnection: (socket: Socket) => void) {
  const server = createServer(onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
