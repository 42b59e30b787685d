import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { liveLink } from '../../row-states.ts'

const BATCH_SIZE = 1_000

/**
 * Makes all mailed links expire that were created before a time. Revert links can be excluded, because without its
 * revert link an owner can no longer undo an email change. There is no other way to end the revert links of all
 * accounts.
 *
 * @returns how many links expired.
 */
export async function endAllLinks(
  deps: Deps,
  input: { before: Date; keepRevertLinks: boolean; by: Requester },
): Promise<{ links: number }> {
  const { before, keepRevertLinks, by } = input
  let links = 0
  for (;;) {
    const now = deps.clock.now()
    const purpose = keepRevertLinks ? { purpose: { not: 'revert_email' } } : {}
    const batch = await deps.db.mailedToken.findMany({
      where: { ...liveLink(now), ...purpose, createdAt: { lt: before } },
      orderBy: { expiresAt: 'asc' }, // as the index has them; links that have expired are not read again
      take: BATCH_SIZE,
      select: { tokenHash: true },
    })
    if (batch.length === 0) break
    const { count } = await deps.db.mailedToken.updateMany({
      where: { tokenHash: { in: batch.map(({ tokenHash }) => tokenHash) }, ...liveLink(now) },
      data: { expiresAt: now },
    })
    links += count
  }
  const details = { before: before.toISOString(), keepRevertLinks, links }
  await inTransaction(deps.db, (tx) =>
    recordEvent(tx, { type: 'links.ended_by_operator', at: deps.clock.now(), ...by, details }),
  )
  return { links }
}
