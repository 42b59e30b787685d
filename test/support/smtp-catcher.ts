import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export interface Delivery {
  readonly sender: string
  readonly recipients: string[]
  readonly raw: string
  readonly mail: ParsedMail
}

export type SmtpCatcher = Awaited<ReturnType<typeof startSmtpCatcher>>

/** A real SMTP server that keeps the mails it receives. A test can make it refuse each step with a code and a text. */
export async function startSmtpCatcher() {
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
