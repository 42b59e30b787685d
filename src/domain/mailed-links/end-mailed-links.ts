import type { Transaction } from '../../database/client.ts'
import { Prisma } from '../../database/generated/client.ts'
import { type Executor, runStatement } from '../../database/statement.ts'
import { liveLink } from '../row-states.ts'

/** Why a link was invalidated, as its row records it: it was neither used nor expired. */
export type InvalidationReason = 'replaced' | 'credentials_changed' | 'account_disabled' | 'ended_by_support'

/** Invalidates every link that was mailed to the account, except revert links. The account's row must be locked. */
export async function endLinksOfAccount(
  tx: Transaction,
  input: { accountId: string; reason: InvalidationReason; now: Date },
): Promise<void> {
  const { accountId, reason, now } = input
  await tx.mailedToken.updateMany({
    where: { accountId, purpose: { not: 'revert_email' }, ...liveLink(now) },
    data: { endedAt: now, endReason: reason },
  })
}

/** Invalidates the links in these mails, because a newer mail replaces them. */
export async function endLinksOfMails(on: Executor, input: { mailIds: string[]; now: Date }): Promise<void> {
  const { mailIds, now } = input
  await runStatement(
    on,
    'end-links-of-mails',
    Prisma.sql`
      UPDATE mailed_tokens SET ended_at = ${now}, end_reason = 'replaced'
      WHERE mail_id = ANY(${mailIds}::uuid[]) AND spent_at IS NULL AND ended_at IS NULL AND expires_at > ${now}::timestamptz`,
  )
}
