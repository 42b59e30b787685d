import type { Transaction } from '../../database/client.ts'
import type { Origin } from '../events/record-event.ts'
import { addJob } from '../jobs.ts'

/**
 * What a request asks the worker to mail. Three of them do not say what will be sent, nor whether anything will: the
 * request knows only an address, so that it cannot tell, by answer or by time, whether there is an account.
 */
export type RequestedMail =
  | 'registration'
  | 'verification'
  | 'reset_password'
  | 'reset_by_support'
  | 'reset_after_revert'
  | 'confirm_email'
  | 'email_change_requested'
  | 'email_changed'
  | 'email_change_reverted'
  | 'password_changed'
  | 'password_was_reset'

/** What happened, for the text of the mail; never a secret. */
export type MailContext = { at: string; ip: string | null; userAgent: string | null; requestId?: string | null }

export interface QueuedMail {
  readonly request: RequestedMail
  readonly to: { readonly email: string; readonly address: string }
  readonly accountId?: string
  readonly registrationId?: string
  readonly emailChangeId?: string
  readonly receipt?: string
  readonly origin: Origin | null
  readonly now: Date
}

/**
 * Asks for a mail in the transaction of the change it is about: both are committed or neither. What is written down
 * has no link in it; the worker mints that when it sends.
 */
export async function queueMail(tx: Transaction, mail: QueuedMail): Promise<void> {
  const { to, now, origin, ...columns } = mail
  const { ip = null, userAgent = null, requestId = null } = origin ?? {}
  const context: MailContext = { at: now.toISOString(), ip, userAgent, requestId }
  const { id } = await tx.mail.create({
    data: { ...columns, ...to, context, queuedAt: now, stateAt: now },
    select: { id: true },
  })
  await addMailJob(tx, id, Math.random() * MOST_DELAY_SECONDS)
}

/**
 * The work for an address that has an account takes longer than for one that has not. Done at once it would slow the
 * very next request, and so tell; spread over half a second it tells nothing.
 */
const MOST_DELAY_SECONDS = 0.5

/** One job for one mail: a mail that is postponed has its job moved to a later time. */
export async function addMailJob(tx: Transaction, mailId: string, delaySeconds: number): Promise<void> {
  await addJob(tx, 'send_mail', { mailId }, { delaySeconds, key: `mail ${mailId}` })
}
