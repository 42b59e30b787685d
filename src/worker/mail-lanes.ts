import { setTimeout as wait } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { addMailJob, type MailJob, needsNoSignIn } from '../domain/mails/mail-jobs.ts'
import { hashMailbox } from '../domain/mails/mailbox.ts'
import { readWaitingMail, type WaitingMail } from '../domain/mails/read-waiting-mail.ts'
import { type SettledMail, settleMails } from '../domain/mails/settle-mails.ts'
import type { Mailer } from '../mail/mailer.ts'
import { type Delivery, deliverMail } from './deliver-mail.ts'
import { inBatches } from './in-batches.ts'
import { traceMail } from './trace-delivery.ts'

/**
 * How many mails of each job are sent at the same time. Requests without a sign-in can fill their own lane. They cannot
 * fill another lane, and never the lane of the mails that belong to an account. The SMTP transport keeps as many
 * connections as there are slots in all (mail/smtp.ts).
 */
export const mailSlots: Readonly<Record<MailJob, number>> = {
  send_mail: 4,
  send_reset_mail: 8,
  send_registration_mail: 4,
}

const LONGEST_HOLD_MS = 1_000
/** The weight of the latest attempt in the moving average. */
const WEIGHT = 0.2
const MAILBOX_RETRY_SECONDS = 1
/** The most mails that one statement settles. */
const MOST_AT_ONCE = 50

/**
 * Sends the mails of one worker.
 *
 * A mail that can be requested without a sign-in holds its slot for the same time whether or not it is sent. Otherwise
 * an attacker could find out, from the delay of mails to themselves, which of their other requests concerned an
 * account. Each mailbox receives one mail at a time, so that a recipient whose server hangs occupies one slot.
 */
export function createMailSender(deps: Deps, mailer: Mailer): (mailId: string) => Promise<void> {
  const settle = inBatches(MOST_AT_ONCE, (mails: readonly SettledMail[]) => settleMails(deps, mails))
  const delivery: Delivery = { deps, mailer, settle }
  const busyMailboxes = new Set<string>()
  let usualMs = 0

  /** Sends the mail. If nothing is sent, it takes as long as if something were sent. */
  async function send(mail: WaitingMail, isOpen: boolean): Promise<void> {
    const startedAt = performance.now()
    const outcome = await traceMail(deps, mail, () => deliverMail(delivery, mail))
    const elapsedMs = performance.now() - startedAt
    const hasAskedProvider = outcome === 'sent' || outcome === 'postponed' || outcome === 'failed'
    if (hasAskedProvider) usualMs += (Math.min(elapsedMs, LONGEST_HOLD_MS) - usualMs) * (usualMs === 0 ? 1 : WEIGHT)
    else if (isOpen) await wait(Math.max(0, usualMs - elapsedMs))
  }

  return async (mailId) => {
    const mail = await readWaitingMail(deps, mailId)
    if (!mail) return
    const mailbox = hashMailbox(deps, mail.address)
    if (busyMailboxes.has(mailbox)) return addMailJob(deps.pool, mail, MAILBOX_RETRY_SECONDS)
    busyMailboxes.add(mailbox)
    try {
      await send(mail, needsNoSignIn(mail.request))
    } finally {
      busyMailboxes.delete(mailbox)
    }
  }
}
