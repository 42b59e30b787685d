import { createTransport } from 'nodemailer'
import type { Secret } from '../security/secret.ts'
import { assertDispatchable, type Mailer, PermanentMailError, quotableReason, replyAddress } from './outgoing-mail.ts'

export interface SmtpSettings {
  /** `smtp://` takes TLS where the server offers it; `smtps://`, or `?requireTLS=true`, insists. */
  url: Secret
  supportContact: string
}

const TIMEOUTS_MS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 }

/**
 * Hands mails to an SMTP server over a few kept connections. The time-outs notice silence; the deadline is for one
 * mail in all, however slowly a server trickles its answers.
 */
export function createSmtpMailer(settings: SmtpSettings, deadlineMs = 60_000): Mailer {
  const transport = createTransport({
    url: settings.url.reveal(),
    pool: true,
    // A connection that died while it was kept deserves one fresh one; beyond that the outbox tries again.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...TIMEOUTS_MS,
  })
  const replyTo = replyAddress(settings.supportContact)

  return {
    async send(mail) {
      assertDispatchable(mail)
      try {
        const sent = await transport.sendMail({
          messageId: messageId(mail.id, mail.from.address),
          from: mail.from,
          // Never a string: nodemailer would read it as a list, and a comma would be a second recipient.
          to: { name: '', address: mail.to },
          ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(deadlineMs),
        })
        return { providerMessageId: sent.messageId }
      } catch (error) {
        throw deliveryError(error, mail.link)
      }
    },
    async liftSuppression() {},
    async close() {
      transport.close()
    },
  }
}

/** The same at every attempt, so that a mailbox that gets a mail twice can tell. */
function messageId(id: string, sender: string): string {
  return `<${id}@${sender.slice(sender.lastIndexOf('@') + 1)}>`
}

/** A 5xx to the recipient or the message is about this mail; one to the login or the sender is about us. */
function deliveryError(error: unknown, link: string | null): Error {
  const { responseCode, command = 'CONN', response = '' } = smtpError(error)
  if (!responseCode) return new Error(connectionReason(errorCode(error)))

  const message = `The SMTP server refused ${command}: ${quotableReason(response, [link])}`
  // 503 is about the order of commands: the same mail may well go through on another connection.
  const isPermanent = responseCode >= 500 && responseCode !== 503 && ['RCPT TO', 'DATA'].includes(command)
  return isPermanent ? new PermanentMailError(message) : new Error(message)
}

function connectionReason(code: string): string {
  const timedOut = code === 'EABORT' || code === 'ETIMEDOUT'
  return timedOut ? 'The SMTP server did not answer in time' : `The SMTP server could not be reached (${code})`
}

/** The system's own code (ECONNREFUSED) where there is one, else nodemailer's (ESOCKET). */
function errorCode(error: unknown): string {
  const { originalCode, code } = smtpError(error)
  return String(originalCode ?? code ?? 'unknown')
}

/** What nodemailer adds to its errors, all of it optional. */
interface SmtpError {
  code?: string
  originalCode?: string
  responseCode?: number
  command?: string
  response?: string
}

function smtpError(error: unknown): SmtpError {
  return typeof error === 'object' && error !== null ? error : {}
}
