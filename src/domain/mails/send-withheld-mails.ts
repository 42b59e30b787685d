import type { Transaction } from '../../database/client.ts'
import { addMailJob, type RequestedMail } from './mail-jobs.ts'

/** Without these mails, an account that is enabled again may have no working password and no way to set one. */
const WITHHELD: readonly RequestedMail[] = ['reset_after_revert', 'reset_by_support', 'choose_password']

/**
 * Queues the reset instructions again that were not sent while the account was disabled: of each kind the newest. The
 * worker decides as for any mail whether they are still needed, so that this may be called whenever an account is
 * enabled. Call it in the transaction that enables the account.
 */
export async function sendWithheldMails(tx: Transaction, accountId: string, now: Date): Promise<void> {
  for (const request of WITHHELD) {
    const mail = await tx.mail.findFirst({ where: { accountId, request }, orderBy: { queuedAt: 'desc' } })
    if (mail?.state !== 'not_needed') continue
    await tx.mail.update({
      where: { id: mail.id },
      data: { state: 'queued', reason: null, queuedAt: now, stateAt: now },
    })
    await addMailJob(tx, { id: mail.id, request, network: mail.network }, 0)
  }
}
