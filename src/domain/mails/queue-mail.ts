import type { Transaction } from '../../database/client.ts'
import { localesIn } from '../../mail/locale.ts'
import { currentSpan } from '../../tracing/span.ts'
import type { Origin } from '../events/record-event.ts'
import { networkOf } from '../throttle/network.ts'
import { addMailJob, needsNoSignIn, type RequestedMail } from './mail-jobs.ts'

/** What happened, for the text of the mail. It never contains a secret. */
export type MailContext = {
  at: string
  ip: string | null
  userAgent: string | null
  requestId?: string | null
  /** The locales that the request asked for. Missing if it was queued by an earlier version. */
  locales?: string[]
  /** The trace of the request, which the delivery of the mail continues. Missing if traces are off. */
  traceparent?: string
}

export interface QueuedMail {
  readonly request: RequestedMail
  readonly to: { readonly email: string; readonly address: string }
  readonly accountId?: string
  readonly registrationId?: string
  readonly emailChangeId?: string
  readonly receipt?: string
  /** Null if the reader of the mail must not learn where the request came from. */
  readonly origin: Origin | null
  readonly now: Date
}

/**
 * Requests a mail in the transaction of the change that it is about: both are committed or neither. The row has no link
 * in it: the worker creates the link when it sends the mail.
 */
export async function queueMail(tx: Transaction, mail: QueuedMail): Promise<void> {
  const { to, now, origin, ...columns } = mail
  const { email, address } = to
  const { ip = null, userAgent = null, requestId = null, acceptLanguage = null } = origin ?? {}
  const context: MailContext = { at: now.toISOString(), ip, userAgent, requestId, locales: localesIn(acceptLanguage) }
  const traceparent = currentSpan()?.traceparent
  if (traceparent) context.traceparent = traceparent
  const network = needsNoSignIn(mail.request) && ip !== null ? networkOf(ip) : null
  const { id } = await tx.mail.create({
    data: { ...columns, email, address, context, network, queuedAt: now, stateAt: now },
    select: { id: true },
  })
  await addMailJob(tx, { id, request: mail.request, network }, Math.random() * LONGEST_START_DELAY_SECONDS)
}

/**
 * The worker needs longer for an address that has an account. If it started at once, the next request would be measurably
 * slower in that case. So the job starts after a random delay.
 */
const LONGEST_START_DELAY_SECONDS = 0.5
