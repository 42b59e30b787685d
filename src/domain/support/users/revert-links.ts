import { inTransaction, type Transaction } from '../../../database/client.ts'
import type { Account, MailedToken } from '../../../database/generated/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { judgeRevertLink } from '../../email-change/judge-revert-link.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import type { InvalidationReason } from '../../mailed-links/end-mailed-links.ts'
import { Refusal } from '../../problems.ts'
import { liveLink } from '../../row-states.ts'

/** The address that a revert link was mailed to, and the time until which it works. */
export interface RevertLinkView {
  readonly address: string
  readonly expiresAt: Date
}

/**
 * Lists the revert links that work now, by account. If several mails about one change went to one address, the address
 * is listed once, with the link that works longest.
 */
export async function listRevertLinks(
  deps: Deps,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, RevertLinkView[]>> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const links = await tx.mailedToken.findMany({
      where: { accountId: { in: [...accountIds] }, purpose: 'revert_email', ...liveLink(now) },
      orderBy: { expiresAt: 'desc' },
      include: { account: true },
    })
    const byAccount = new Map<string, RevertLinkView[]>()
    for (const { account, ...link } of links) {
      if (!account || !(await canRevert(deps, tx, { link, account, now }))) continue
      const { address, expiresAt } = link
      const listed = byAccount.get(account.id) ?? []
      if (!listed.some((other) => other.address === address)) listed.push({ address, expiresAt })
      byAccount.set(account.id, listed)
    }
    return byAccount
  })
}

/** Checks the same conditions as opening the link. */
export async function canRevert(
  deps: Deps,
  tx: Transaction,
  input: { link: MailedToken; account: Account; now: Date },
): Promise<boolean> {
  try {
    await judgeRevertLink(deps, tx, input)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/**
 * Invalidates every revert link of an account. Only Support can do this. A thief who once controlled the account may
 * have such a link, and no action of the owner invalidates it.
 *
 * @throws {Refusal} not_found
 */
export async function endRevertLinks(deps: Deps, input: { accountId: string; by: Requester }): Promise<void> {
  const { accountId, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (!(await lockAccountRow(tx, accountId))) throw new Refusal('not_found')
    const { count } = await tx.mailedToken.updateMany({
      where: { accountId, purpose: 'revert_email', ...liveLink(now) },
      data: { endedAt: now, endReason: 'ended_by_support' satisfies InvalidationReason },
    })
    if (count === 0) return
    await recordEvent(tx, { type: 'email_change.revert_links_ended', at: now, accountId, ...by, details: { count } })
  })
}
