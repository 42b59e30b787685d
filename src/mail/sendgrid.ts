import { Client } from '@sendgrid/client'
import { type MailDataRequired, MailService } from '@sendgrid/mail'
import type { Secret } from '../security/secret.ts'
import {
  assertDispatchable,
  type Mailer,
  type OutgoingMail,
  PermanentMailError,
  quotableReason,
  replyAddress,
} from './outgoing-mail.ts'

export interface SendgridSettings {
  apiKey: Secret
  /** Another host than SendGrid's own: its EU region, or a stand-in. */
  baseUrl: string | undefined
  supportContact: string
}

type ClientRequest = Parameters<Client['createRequest']>[0]

/** Refusals of the moment, of our key or of a mistyped base URL, not of this mail. */
const PASSING_STATUSES = [401, 403, 404, 405, 408, 429]
/** Not the unsubscribes: those are a person's own word, and only theirs to take back. */
const SUPPRESSION_LISTS = ['bounces', 'blocks', 'invalid_emails', 'spam_reports']
const TIMEOUT_CODES = ['ERR_CANCELED', 'ECONNABORTED', 'ETIMEDOUT']

/** Hands mails to SendGrid's v3 API. A mail it accepts may still bounce: its event webhook tells that. */
export function createSendgridMailer(settings: SendgridSettings, timeoutMs = 10_000): Mailer {
  const client = new DeadlineClient(timeoutMs)
  client.setApiKey(settings.apiKey.reveal())
  // After the key: setApiKey() puts SendGrid's own host back.
  if (settings.baseUrl !== undefined) client.setDefaultRequest('baseUrl', settings.baseUrl)
  const service = new MailService()
  service.setClient(client)

  return {
    async send(mail) {
      assertDispatchable(mail)
      try {
        const [response] = await service.send(sendgridMail(mail, settings.supportContact))
        const messageId: unknown = response.headers['x-message-id']
        return { providerMessageId: typeof messageId === 'string' ? messageId : null }
      } catch (error) {
        // The original is not passed on as a cause: it holds the request, with the key and the link.
        throw deliveryError(error, [mail.link, settings.apiKey.reveal()])
      }
    },
    async liftSuppression(address) {
      for (const list of SUPPRESSION_LISTS) {
        try {
          await client.request({ method: 'DELETE', url: `/v3/suppression/${list}/${encodeURIComponent(address)}` })
        } catch (error) {
          if (!(isRefusal(error) && error.code === 404)) throw deliveryError(error, [settings.apiKey.reveal()])
        }
      }
    },
    async close() {},
  }
}

/**
 * One deadline for the whole exchange: the client's own time-out only notices silence, and an answer that trickles in
 * is never silent. No redirects either: they would take the mail, and the link in it, to another host.
 */
class DeadlineClient extends Client {
  readonly #timeoutMs: number

  constructor(timeoutMs: number) {
    super()
    this.#timeoutMs = timeoutMs
  }

  override createRequest(request: ClientRequest): ClientRequest {
    const limits = { signal: AbortSignal.timeout(this.#timeoutMs), maxRedirects: 0 }
    return { ...super.createRequest(request), ...limits }
  }
}

function sendgridMail(mail: OutgoingMail, supportContact: string): MailDataRequired {
  const replyTo = replyAddress(supportContact)
  return {
    to: { email: mail.to },
    from: { email: mail.from.address, name: mail.from.name },
    ...(replyTo === undefined ? {} : { replyTo: { email: replyTo } }),
    subject: mail.subject,
    content: [
      { type: 'text/plain', value: mail.text },
      { type: 'text/html', value: mail.html },
    ],
    headers: { 'Auto-Submitted': 'auto-generated' },
    customArgs: { latchkeyMailId: mail.id },
    // A tracked link would pass its token through SendGrid's redirect host, and into its logs.
    trackingSettings: {
      clickTracking: { enable: false, enableText: false },
      openTracking: { enable: false },
      subscriptionTracking: { enable: false },
      ganalytics: { enable: false },
    },
    // Who unsubscribed from a newsletter still has to hear that their password was changed.
    mailSettings: { bypassListManagement: { enable: true } },
  }
}

function deliveryError(error: unknown, secrets: readonly (string | null)[]): Error {
  if (!isRefusal(error)) return new Error(connectionReason(error))
  const { code: status, response } = error
  if (status >= 500 || status === 408) return new Error(`SendGrid answered ${status}`)

  const reasons = errorMessages(response.body)
  const reason = reasons === '' ? '' : `: ${quotableReason(reasons, secrets)}`
  const message = `SendGrid refused the mail (${status})${reason}`
  return PASSING_STATUSES.includes(status) ? new Error(message) : new PermanentMailError(message)
}

function connectionReason(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (TIMEOUT_CODES.includes(code)) return 'SendGrid did not answer in time'
  return /^[A-Z][A-Z0-9_]+$/.test(code) ? `SendGrid could not be reached (${code})` : 'SendGrid could not be reached'
}

/** SendGrid's ResponseError, by its shape: the package does not export the class. */
function isRefusal(error: unknown): error is { code: number; response: { body: unknown } } {
  if (typeof error !== 'object' || error === null || !('code' in error && 'response' in error)) return false
  return typeof error.code === 'number' && typeof error.response === 'object' && error.response !== null
}

/** The texts of `{errors: [{message, field, help}]}`; nothing of any other body. */
function errorMessages(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return ''
  const errors: unknown[] = body.errors
  return errors
    .map((error) => (typeof error === 'object' && error !== null && 'message' in error ? error.message : ''))
    .filter((message) => typeof message === 'string' && message !== '')
    .join('; ')
}
