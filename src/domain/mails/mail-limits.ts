import type { Transaction } from '../../database/client.ts'
import { lockMailbox } from '../../database/row-locks.ts'
import type { RequestedMail } from './queue-mail.ts'

/** States of a mail that has gone out, or is on its way. */
export const ON_ITS_WAY = ['sending', 'sent', 'delivered', 'deferred', 'bounced', 'dropped', 'opened'] as const

export interface MailLimit {
  readonly requests: readonly RequestedMail[]
  readonly most: number
  readonly windowSeconds: number
}

/**
 * Whether one more mail of this sort may go to an address. Decided by the worker, so that the answer to the person
 * who asked is the same either way. The lock makes two workers count one after the other. What counts is when the
 * others went out, not when they were asked for: after an outage hundreds may be waiting for one address.
 */
export async function hasRoomFor(
  tx: Transaction,
  mail: { id: string; address: string },
  limit: MailLimit & { now: Date },
): Promise<boolean> {
  await lockMailbox(tx, mail.address)
  const since = new Date(limit.now.getTime() - limit.windowSeconds * 1000)
  const sent = await tx.mail.count({
    where: {
      id: { not: mail.id },
      address: mail.address,
      request: { in: [...limit.requests] },
      state: { in: [...ON_ITS_WAY] },
      OR: [{ sentAt: { gt: since } }, { sentAt: null, stateAt: { gt: since } }],
    },
  })
  return sent < limit.most
}
