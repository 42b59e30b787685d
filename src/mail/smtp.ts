import { createTransport } from 'nodemailer'
import type { Secret } from '../security/secret.ts'
import { inChildSpan, type SpanOptions } from '../tracing/span.ts'
import {
  assertDispatchable,
  type Mailer,
  PermanentMailError,
  quotableReason,
  TemporaryMailError,
} from './outgoing-mail.ts'
import { replyAddress } from './plain-address.ts'

export interface SmtpSettings {
  /** `smtp://` uses TLS if the server offers it. `smtps://`, or `?requireTLS=true`, insists on TLS. */
  url: Secret
  supportContact: string
}

const TIMEOUTS_MS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 }

/**
 * One connection per mail slot of the worker (worker/mail-lanes.ts), so that no lane waits for a connection of another
 * lane.
 */
const MOST_CONNECTIONS = 16

const SPAN: SpanOptions = { kind: 'client', attributes: { 'latchkey.mail.transport': 'smtp' } }

/**
 * Sends mails to an SMTP server over a few open connections. The time-outs end a connection that is silent. The
 * deadline applies to one mail in total, so that a server that answers very slowly cannot hold a connection for longer.
 */
export function createSmtpMailer(settings: SmtpSettings, deadlineMs = 60_000): Mailer {
  const transport = createTransport({
    url: settings.url.reveal(),
    pool: true,
    maxConnections: MOST_CONNECTIONS,
    // An open connection may have been lost, so one new connection is tried. After that, the worker tries again later.
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
        const message = {
          messageId: messageId(mail.id, mail.from.address),
          from: mail.from,
          // Not a string: nodemailer would read it as a list, and a comma would start a second recipient.
          to: { name: '', address: mail.to },
          ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal: AbortSignal.timeout(deadlineMs),
        }
        const sent = await inChildSpan('SMTP', SPAN, () => transport.sendMail(message))
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

/**
 * The Message-ID is the same at every attempt, so that a mailbox that receives a mail twice can recognise the
 * duplicate.
 */
function messageId(id: string, sender: string): string {
  return `<${id}@${sender.slice(sender.lastIndexOf('@') + 1)}>`
}

function deliveryError(error: unknown, link: string | null): Error {
  const { responseCode, command = 'CONN', response = '' } = smtpError(error)
  if (!responseCode) return new TemporaryMailError(connectionReason(errorCode(error)))

  const message = `The SMTP server refused ${command}: ${quotableReason(response, [link])}`
  const isFinal = ['RCPT TO', 'DATA'].includes(command) && isAboutThisMail(responseCode, response)
  return isFinal ? new PermanentMailError(message) : new TemporaryMailError(message)
}

/**
 * The enhanced status codes (RFC 3463 and its IANA registry) that can only be about the recipient or the content: no
 * such mailbox or domain, a mailbox that was disabled or has moved, a domain that takes no mail; a message that is too
 * big or cannot be converted. Policies and limits (5.7.x, 5.4.5) are about the sender.
 */
const ABOUT_THIS_MAIL = /^5\.(?:1\.(?:1|2|3|6|10)|2\.(?:1|3)|3\.4|6\.[1-9])$/

/** What servers without enhanced status codes answer for a mailbox that does not exist. */
const NO_SUCH_MAILBOX =
  /\bno such (?:user|mailbox|recipient|address)\b|\b(?:user|mailbox|recipient) (?:is )?(?:unknown|not found|does not exist|doesn't exist)\b|\bunknown (?:user|mailbox|recipient)\b/i

/**
 * Whether a rejection is certainly about this recipient or this content. Any other rejection may be about the sender
 * and may be temporary.
 */
function isAboutThisMail(responseCode: number, response: string): boolean {
  const [, enhanced] = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response) ?? []
  if (responseCode < 500) return false
  if (enhanced !== undefined) return ABOUT_THIS_MAIL.test(enhanced)
  return [550, 551, 553, 554].includes(responseCode) && NO_SUCH_MAILBOX.test(response)
}

function connectionReason(code: string): string {
  const timedOut = code === 'EABORT' || code === 'ETIMEDOUT'
  return timedOut ? 'The SMTP server did not answer in time' : `The SMTP server could not be reached (${code})`
}

/** The system's own code (ECONNREFUSED) if there is one, otherwise nodemailer's (ESOCKET). */
function errorCode(error: unknown): string {
  const { originalCode, code } = smtpError(error)
  return String(originalCode ?? code ?? 'unknown')
}

/** The fields that nodemailer may add to its errors. */
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
