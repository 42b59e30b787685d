import type { Transaction } from '../../../database/client.ts'
import type { Mail, Prisma } from '../../../database/generated/client.ts'
import { lockMailbox } from '../../../database/row-locks.ts'
import type { MailKind } from '../../../mail/templates/render.ts'
import type { RequestedMail } from '../mail-jobs.ts'
import { hashMailbox } from '../mailbox.ts'
import type { Planning } from './planned-mail.ts'

/** The number of mails that one mailbox can receive for some requests in a window. */
export interface MailLimit {
  readonly requests: readonly RequestedMail[]
  /** If given, only these kinds count. */
  readonly kinds?: readonly MailKind[]
  readonly most: number
  readonly windowSeconds: number
  /** If true, only mails count that were requested from the same network as this one. */
  readonly sameNetwork?: boolean
}

/**
 * Whether one more mail may go to the mailbox. The worker decides this, so that the answer to the request is the same
 * either way. Workers that plan mails to one mailbox wait for each other here. A mail counts from when it was sent, not
 * from when it was requested: after an outage, hundreds may be waiting for one address.
 */
export async function hasRoomFor(planning: Planning, limit: MailLimit): Promise<boolean> {
  const { deps, tx, mail, now } = planning
  const mailbox = hashMailbox(deps, mail.address)
  await lockMailbox(tx, mailbox)
  const since = windowStart(now, limit.windowSeconds)
  const sent = await tx.mail.count({
    where: {
      id: { not: mail.id },
      mailbox,
      stateAt: { gt: since },
      OR: [{ sentAt: { gt: since } }, { sentAt: null }],
      request: { in: [...limit.requests] },
      ...(limit.kinds && { kind: { in: [...limit.kinds] } }),
      ...(limit.sameNetwork && { network: mail.network }),
      ...WENT_OUT,
    },
    take: limit.most,
  })
  return sent < limit.most
}

/**
 * The most mails an hour to people without an account that one network can cause, multiplied by RATE_LIMIT_FACTOR. Only
 * mails whose link has not been opened count. People who register open their link. People who did not register do not.
 */
const MOST_UNOPENED = 100
const UNOPENED_WINDOW_SECONDS = 3600

/** Whether the network that requested this mail may still cause mails to people who have no account. */
export async function mayMailStrangers({ deps, tx, mail, now }: Planning): Promise<boolean> {
  const most = Math.ceil(MOST_UNOPENED * deps.config.rateLimitFactor)
  if (most === 0 || mail.network === null) return true
  const unopened = await countUnopened(tx, mail, { since: windowStart(now, UNOPENED_WINDOW_SECONDS), most })
  if (unopened < most) return true
  deps.log.warn({ network: mail.network, most }, 'the mails of a network to people without an account are held back')
  return false
}

async function countUnopened(tx: Transaction, mail: Mail, limit: { since: Date; most: number }): Promise<number> {
  const rows = await tx.$queryRaw<Array<{ unopened: number }>>`
    SELECT count(*)::int AS unopened FROM (
      SELECT 1 FROM mails AS sent
      WHERE network = ${mail.network} AND mailbox IS NOT NULL AND state_at > ${limit.since}
        AND account_id IS NULL AND id <> ${mail.id}::uuid AND state <> 'queued'
        AND NOT EXISTS (SELECT FROM mailed_tokens WHERE mail_id = sent.id AND spent_at IS NOT NULL)
      LIMIT ${limit.most}) AS unopened`
  return rows[0]?.unopened ?? 0
}

/** States of a mail that has been sent, or is being sent. A mail that waits for another attempt is not among them. */
const WENT_OUT = {
  state: { in: ['sending', 'sent', 'delivered', 'deferred', 'bounced', 'dropped', 'opened'] },
} satisfies Prisma.MailWhereInput

function windowStart(now: Date, windowSeconds: number): Date {
  return new Date(now.getTime() - windowSeconds * 1000)
}
