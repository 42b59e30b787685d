import { Client } from '@sendgrid/client'
import { type MailDataRequired, MailService } from '@sendgrid/mail'
import type { Secret } from '../security/secret.ts'
import { inChildSpan, type SpanOptions } from '../tracing/span.ts'
import {
  assertDispatchable,
  type Mailer,
  type OutgoingMail,
  PermanentMailError,
  quotableReason,
  TemporaryMailError,
} from './outgoing-mail.ts'
import { replyAddress } from './plain-address.ts'

export interface SendgridSettings {
  apiKey: Secret
  /** A host other than the default: SendGrid's EU region, or a replacement for tests. */
  baseUrl: string | undefined
  supportContact: string
}

type ClientRequest = Parameters<Client['createRequest']>[0]

/** The list of unsubscribes is left out, because only the person who unsubscribed may undo that. */
const SUPPRESSION_LISTS = ['bounces', 'blocks', 'invalid_emails', 'spam_reports']
const TIMEOUT_CODES = ['ERR_CANCELED', 'ECONNABORTED', 'ETIMEDOUT']

/** Sends mails through SendGrid's v3 API. A mail that it accepts may still bounce, which its event webhook reports. */
export function createSendgridMailer(settings: SendgridSettings, timeoutMs = 10_000): Mailer {
  const client = new DeadlineClient(timeoutMs)
  client.setApiKey(settings.apiKey.reveal())
  // This comes after the key, because setApiKey() resets the host to SendGrid's default.
  if (settings.baseUrl !== undefined) client.setDefaultRequest('baseUrl', settings.baseUrl)
  const span: SpanOptions = {
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'url.template': '/v3/mail/send',
      'server.address': new URL(settings.baseUrl ?? 'https://api.sendgrid.com').hostname,
      'latchkey.mail.transport': 'sendgrid',
    },
  }
  const service = new MailService()
  service.setClient(client)

  return {
    async send(mail) {
      assertDispatchable(mail)
      const [response] = await inChildSpan('POST /v3/mail/send', span, async (sending) => {
        try {
          const answer = await service.send(sendgridMail(mail, settings.supportContact))
          sending?.set({ 'http.response.status_code': answer[0].statusCode })
          return answer
        } catch (error) {
          if (isRefusal(error)) sending?.set({ 'http.response.status_code': error.code })
          // The original error is not passed on as the cause, because it contains the request with the key and the link.
          throw deliveryError(error, [mail.link, settings.apiKey.reveal()])
        }
      })
      const messageId: unknown = response.headers['x-message-id']
      if (response.statusCode !== 202 || typeof messageId !== 'string' || messageId === '') {
        throw new TemporaryMailError(
          `The answer (${response.statusCode}) is not SendGrid's: SENDGRID_BASE_URL may be wrong`,
        )
      }
      return { providerMessageId: messageId }
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
 * Sets one deadline for the whole request. The client's own time-out only ends a silent connection, and a very slow
 * response is never silent. Redirects are off, because they would send the mail and its link to another host.
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
    // A tracked link would send its token through SendGrid's redirect host and into its logs.
    trackingSettings: {
      clickTracking: { enable: false, enableText: false },
      openTracking: { enable: false },
      subscriptionTracking: { enable: false },
      ganalytics: { enable: false },
    },
    // A person who unsubscribed from a newsletter must still learn that their password was changed.
    mailSettings: { bypassListManagement: { enable: true } },
  }
}

function deliveryError(error: unknown, secrets: readonly (string | null)[]): Error {
  if (!isRefusal(error)) return new TemporaryMailError(connectionReason(error))
  const { code: status, response } = error
  if (status >= 500 || status === 408) return new TemporaryMailError(`SendGrid answered ${status}`)

  const errors = readErrors(response.body)
  const messages = errors.map(({ message }) => message).filter((message) => typeof message === 'string' && message)
  const reason = messages.length === 0 ? '' : `: ${quotableReason(messages.join('; '), secrets)}`
  const message = `SendGrid refused the mail (${status})${reason}`
  return isAboutThisMail(status, errors) ? new PermanentMailError(message) : new TemporaryMailError(message)
}

/**
 * Whether a rejection is certainly about this mail: a 400 that names only the recipient, or a 413 in SendGrid's own
 * form. Other 4xx responses are about the key, the sender, the quota or a wrong base URL, and may be temporary.
 */
function isAboutThisMail(status: number, errors: readonly SendgridError[]): boolean {
  if (errors.length === 0) return false
  const isRecipient = ({ field }: SendgridError) => typeof field === 'string' && /(?:^|\.)to(?:\.|$)/.test(field)
  return status === 413 || (status === 400 && errors.every(isRecipient))
}

function connectionReason(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (TIMEOUT_CODES.includes(code)) return 'SendGrid did not answer in time'
  return /^[A-Z][A-Z0-9_]+$/.test(code) ? `SendGrid could not be reached (${code})` : 'SendGrid could not be reached'
}

/** Recognises SendGrid's ResponseError by its shape, because the package does not export the class. */
function isRefusal(error: unknown): error is { code: number; response: { body: unknown } } {
  if (typeof error !== 'object' || error === null || !('code' in error && 'response' in error)) return false
  return typeof error.code === 'number' && typeof error.response === 'object' && error.response !== null
}

interface SendgridError {
  readonly message?: unknown
  readonly field?: unknown
}

/** Reads `{errors: [{message, field, help}]}`. A body of any other form has no errors. */
function readErrors(body: unknown): SendgridError[] {
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return []
  const errors: unknown[] = body.errors
  return errors.filter((error): error is SendgridError => typeof error === 'object' && error !== null)
}
