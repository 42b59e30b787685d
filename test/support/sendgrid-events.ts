import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Answer } from './api.ts'
import type { TestApp } from './test-app.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The public key that an operator copies from SendGrid's page. */
export const SENDGRID_PUBLIC_KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

const PATH = '/v1/webhooks/sendgrid'

/** The sending side of SendGrid's event webhook: creates, signs and posts events. */
export class SendgridEvents {
  readonly #service: TestApp

  constructor(service: TestApp) {
    this.#service = service
  }

  /** The id of the newest mail to an address, which the real worker has sent. */
  async mailTo(email: string): Promise<string> {
    await this.#service.mailbox.drain()
    const mail = this.#service.sendgrid.mails.findLast(({ to }) => to === email)
    const mailId = mail?.customArgs['latchkeyMailId']
    if (!mailId) throw new Error(`no mail went to ${email}`)
    return mailId
  }

  event(mailId: string, event: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      email: 'somebody@example.com',
      timestamp: Math.floor(this.#service.clock.now().getTime() / 1000),
      sg_event_id: randomUUID(),
      sg_message_id: 'stand-in.filter0001',
      latchkeyMailId: mailId,
      event,
      ...fields,
    }
  }

  /** Posts a batch as SendGrid does. */
  post(...events: unknown[]): Promise<Answer> {
    return this.postRaw(JSON.stringify(events))
  }

  postRaw(body: string, ageSeconds = 0): Promise<Answer> {
    return this.#service.api.post(PATH, body, { headers: this.headersFor(body, ageSeconds) })
  }

  headersFor(body: string, ageSeconds = 0, key = privateKey): Record<string, string> {
    const timestamp = String(Math.floor(this.#service.clock.now().getTime() / 1000) - ageSeconds)
    return {
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.from(timestamp + body), key).toString('base64'),
    }
  }
}
