import { quotableReason } from './outgoing-mail.ts'

/** An event that a provider reports after it accepted a mail. `blocked` is a bounce that is not about the address. */
export type ProviderEventType =
  | 'processed'
  | 'deferred'
  | 'delivered'
  | 'opened'
  | 'clicked'
  | 'bounced'
  | 'blocked'
  | 'dropped'
  | 'spam_reported'

export interface ProviderEvent {
  /** The provider's id of the event. It is the same each time the event is reported. */
  readonly id: string
  readonly mailId: string
  readonly type: ProviderEventType
  readonly reason: string | null
  readonly at: Date
}

/** SendGrid's names. Events about unsubscribing are left out, because they are not about a mail of the service. */
const TYPES: ReadonlyMap<unknown, ProviderEventType> = new Map([
  ['processed', 'processed'],
  ['deferred', 'deferred'],
  ['delivered', 'delivered'],
  ['open', 'opened'],
  ['click', 'clicked'],
  ['bounce', 'bounced'],
  ['dropped', 'dropped'],
  ['spamreport', 'spam_reported'],
])
const EVENT_ID = /^[\x21-\x7e]{1,200}$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const LATEST_SECONDS = 253_402_300_799 // the year 9999

/**
 * Reads a batch of SendGrid's event webhook. Events that are not about mails of the service, or that have an unknown
 * form, are skipped. If they were refused, SendGrid would send the whole batch again for a day and then discard it.
 *
 * @returns null if the body is not a batch.
 */
export function readSendgridEvents(body: Buffer): ProviderEvent[] | null {
  let batch: unknown
  try {
    batch = JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
  if (!Array.isArray(batch)) return null
  return batch.map(readEvent).filter((event) => event !== null)
}

function readEvent(event: unknown): ProviderEvent | null {
  if (typeof event !== 'object' || event === null) return null
  const fields = event as Record<string, unknown>
  const { sg_event_id: id, latchkeyMailId: mailId, timestamp } = fields
  const type = TYPES.get(fields['event'])
  if (typeof id !== 'string' || !EVENT_ID.test(id) || typeof mailId !== 'string' || !UUID.test(mailId)) return null
  if (typeof timestamp !== 'number' || !(timestamp >= 0 && timestamp <= LATEST_SECONDS) || !type) return null
  return {
    id,
    mailId,
    type: type === 'bounced' && fields['type'] === 'blocked' ? 'blocked' : type,
    reason: reasonOf(fields),
    at: new Date(timestamp * 1000),
  }
}

function reasonOf({ reason, response }: Record<string, unknown>): string | null {
  const words = typeof reason === 'string' && reason !== '' ? reason : response
  return typeof words === 'string' && words !== '' ? quotableReason(words, []) : null
}
