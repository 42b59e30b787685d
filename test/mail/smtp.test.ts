import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { type Mailer, PermanentMailError } from '../../src/mail/mailer.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import { Secret } from '../../src/security/secret.ts'
import { exampleMail, HOSTILE_ADDRESSES, LINK } from './example-mail.ts'

interface Delivery {
  sender: string
  recipients: string[]
  raw: string
  mail: ParsedMail
}

let catcher: Awaited<ReturnType<typeof startSmtpCatcher>>
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

/** A real SMTP server that keeps what it is given, and refuses what it is told to refuse, at the step it is told. */
async function startSmtpCatcher() {
  const deliveries: Delivery[] = []
  const refusals: Partial<Record<'login' | 'sender' | 'recipient' | 'message', { code: number; text: string }>> = {}
  const refusalAt = (step: keyof typeof refusals) => {
    const refusal = refusals[step]
    return refusal && Object.assign(new Error(refusal.text), { responseCode: refusal.code })
  }

  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: (auth, _session, done) => done(refusalAt('login'), { user: auth.username }),
    onMailFrom: (_address, _session, done) => done(refusalAt('sender')),
    onRcptTo: (_address, _session, done) => done(refusalAt('recipient')),
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks).toString('utf8')
        const refusal = refusalAt('message')
        const recipients = envelope.rcptTo.map(({ address }) => address)
        const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        if (!refusal) deliveries.push({ sender, recipients, raw, mail: await simpleParser(raw) })
        done(refusal)
      })
    },
  })
  server.on('error', () => {}) // a client that hangs up is part of these tests
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const sockets: Socket[] = []
  server.server.on('connection', (socket: Socket) => sockets.push(socket))
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    deliveries,
    refusals,
    connections: () => sockets.length,
    sockets: () => sockets,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
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
    ['recipient', 550, 'RCPT TO'],
    ['recipient', 553, 'RCPT TO'],
    ['message', 554, 'DATA'],
  ] as const)('of the %s with %d is never tried again', async (step, code, command) => {
    catcher.refusals[step] = { code, text: 'no such mailbox here' }

    const error = await failureOf(mailer.send(exampleMail()))

    expect(error).toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe(`The SMTP server refused ${command}: ${code} no such mailbox here`)
  })

  test.each([
    ['recipient', 451],
    ['recipient', 450],
    ['recipient', 503],
    ['message', 452],
    ['sender', 451],
    ['sender', 550],
  ] as const)('of the %s with %d may be tried again', async (step, code) => {
    catcher.refusals[step] = { code, text: 'try later' }
    const error = await failureOf(mailer.send(exampleMail()))
    delete catcher.refusals[step]

    await mailer.send(exampleMail())

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toContain(`${code} try later`)
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
    const startedAt = performance.now()

    const error = await failureOf(client.send(exampleMail()))

    expect(error).not.toBeInstanceOf(PermanentMailError)
    expect(error.message).toBe('The SMTP server did not answer in time')
    expect(performance.now() - startedAt).toBeLessThan(3000)
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
