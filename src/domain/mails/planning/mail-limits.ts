import { Prisma } from '../../../database/generated/client.ts'
import { lockMailbox } from '../../../database/row-locks.ts'
import { runStatement } from '../../../database/statement.ts'
import type { MailKind } from '../../../mail/templates/render.ts'
import type { RequestedMail } from '../mail-jobs.ts'
import { hashMailbox } from '../mailbox.ts'
import type { HandWrittenPlanning, Planning } from './planned-mail.ts'

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
 * Whether each of the limits leaves room for one more mail to the mailbox. The worker decides this, so that the answer to
 * the request is the same either way. Workers that plan mails to one mailbox wait for each other here. A mail counts from when it was sent, not
 * from when it was requested: after an outage, hundreds may be waiting for one address.
 */
export async function hasRoomFor(planning: Planning, ...limits: readonly MailLimit[]): Promise<boolean> {
  const { deps, tx, mail } = planning
  await lockMailbox(tx, hashMailbox(deps, mail.address))
  const counts = Prisma.join(limits.map((limit) => countRecentMails(planning, limit)))
  const [row] = await tx.$queryRaw<Array<{ sent: number[] }>>`SELECT ARRAY[${counts}] AS sent`
  return limits.every(({ most }, index) => (row?.sent[index] ?? most) < most)
}

/** An expression: how many mails of the limit have been sent, but no more than the limit. Lock the mailbox first. */
export function countRecentMails(planning: Planning | HandWrittenPlanning, limit: MailLimit): Prisma.Sql {
  const { deps, mail, now } = planning
  const since = windowStart(now, limit.windowSeconds)
  const ofKinds = limit.kinds ? Prisma.sql`AND kind = ANY(${limit.kinds}::text[])` : Prisma.empty
  const ofNetwork = limit.sameNetwork ? Prisma.sql`AND network = ${mail.network}` : Prisma.empty
  return Prisma.sql`(SELECT count(*)::int FROM (
    SELECT 1 FROM mails
    WHERE mailbox = ${hashMailbox(deps, mail.address)} AND state_at > ${since}::timestamptz AND id <> ${mail.id}::uuid
      AND (sent_at > ${since}::timestamptz OR sent_at IS NULL) AND request = ANY(${limit.requests}::text[])
      AND state = ANY(${WENT_OUT}::text[]) ${ofKinds} ${ofNetwork}
    LIMIT ${limit.most}) AS recent)`
}

/**
 * The most mails an hour to people without an account that one network can cause, multiplied by RATE_LIMIT_FACTOR. Only
 * mails whose link has not been opened count. People who register open their link. People who did not register do not.
 */
const MOST_UNOPENED = 100
const UNOPENED_WINDOW_SECONDS = 3600

/** Whether the network that requested this mail may still cause mails to people who have no account. */
export async function mayMailStrangers({ deps, tx, mail, now }: Planning | HandWrittenPlanning): Promise<boolean> {
  const most = Math.ceil(MOST_UNOPENED * deps.config.rateLimitFactor)
  if (most === 0 || mail.network === null) return true
  const [row] = await runStatement<{ unopened: number }>(
    tx,
    'count-unopened-mails',
    Prisma.sql`
      SELECT count(*)::int AS unopened FROM (
        SELECT 1 FROM mails AS sent
        WHERE network = ${mail.network} AND mailbox IS NOT NULL
          AND state_at > ${windowStart(now, UNOPENED_WINDOW_SECONDS)}::timestamptz
          AND account_id IS NULL AND id <> ${mail.id}::uuid AND state <> 'queued'
          AND NOT EXISTS (SELECT FROM mailed_tokens WHERE mail_id = sent.id AND spent_at IS NOT NULL)
        LIMIT ${most}) AS unopened`,
  )
  if (row !== undefined && row.unopened < most) return true
  deps.log.warn({ network: mail.network, most }, 'the mails of a network to people without an account are held back')
  return false
}

/** States of a mail that has been sent, or is being sent. A mail that waits for another attempt is not among them. */
const WENT_OUT = ['sending', 'sent', 'delivered', 'deferred', 'bounced', 'dropped', 'opened']

function windowStart(now: Date, windowSeconds: number): Date {
  return new Date(now.getTime() - windowSeconds * 1000)
}
