import type { Transaction } from '../../database/client.ts'
import type { Account, EmailChange, MailedToken } from '../../database/generated/client.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { findAddress } from '../addresses/addresses.ts'
import { deadLink } from '../problems.ts'
import { isPendingChange } from '../row-states.ts'

/** Before its change is confirmed, a revert link cancels whatever change is pending. Afterwards it restores the old address. */
export type RevertOutcome = 'cancelled' | 'restored'

export interface RevertJudgement {
  readonly outcome: RevertOutcome
  readonly change: EmailChange
  /**
   * The pending change that would be cancelled. It need not be the change that the link belongs to: a thief can request a
   * second change, and the link of the first notice must still cancel it.
   */
  readonly pending: EmailChange | null
}

/**
 * Decides what a revert link would do if it were opened now. Decide this when the link is opened, not earlier: between
 * creation and opening, new links, new changes and other reverts may have happened.
 *
 * Take the row lock on the account first if something will be done about the answer.
 *
 * @throws {Refusal} link_used, link_expired
 */
export async function judgeRevertLink(
  deps: Pick<Deps, 'config' | 'keys'>,
  tx: Transaction,
  input: { link: MailedToken; account: Account | null; now: Date },
): Promise<RevertJudgement> {
  const { link, account, now } = input
  const change = link.emailChangeId && (await tx.emailChange.findUnique({ where: { id: link.emailChangeId } }))
  if (!account || !change) throw deadLink('revert_over')
  if (change.revertedAt !== null) throw deadLink('revert_used')

  const history = await tx.emailChange.findMany({ where: { accountId: account.id }, orderBy: { requestedAt: 'asc' } })
  if (isOutranked(change, history, deps.config.lifetimes.revertToken)) throw deadLink('revert_over')

  const hasMoved = change.confirmedAt !== null || normalizedForm(account.email) !== change.fromAddress
  if (!hasMoved) {
    const pending = history.find((other) => isPendingChange(other, now)) ?? null
    if (!pending) throw deadLink('revert_over')
    return { outcome: 'cancelled', change, pending }
  }
  const held = await findAddress(deps, tx, normalizedForm(change.fromAddress))
  if (held && held.accountId !== account.id) throw deadLink('revert_over') // Support has given it to somebody else
  return { outcome: 'restored', change, pending: null }
}

type Move = Pick<EmailChange, 'fromAddress' | 'toAddress' | 'requestedAt' | 'confirmedAt' | 'revertedAt'>

/**
 * Whether somebody who held the account earlier has taken it back since the change was requested. Then the revert link of
 * the change is over: it could only take the account from them. This happens in two ways.
 *
 * - A change that was requested at the same time or earlier has been reverted.
 * - The account has returned, by a confirmed change, to an address that comes before the change's old address in the
 *   order of `addressesInOrder`.
 *
 * The link to the first address of that order is never outranked, whatever a thief does.
 */
export function isOutranked(change: Move, history: readonly Move[], revertSeconds: number): boolean {
  const since = change.requestedAt
  const isReverted = history.some(
    ({ requestedAt, revertedAt }) => requestedAt <= since && revertedAt !== null && revertedAt >= since,
  )
  if (isReverted) return true
  const order = addressesInOrder(change, history, revertSeconds)
  const earlier = order.slice(0, Math.max(0, order.indexOf(change.fromAddress)))
  return history.some(
    ({ toAddress, confirmedAt }) => confirmedAt !== null && confirmedAt >= since && earlier.includes(toAddress),
  )
}

/**
 * The addresses that had a right to the account when the change was requested, the earliest first. The list starts with
 * the address that the account had one revert lifetime before that, and continues with every address that it moved to
 * after that. An address that was left longer ago has no right any more. Otherwise somebody who has taken over a mailbox
 * that a person gave up years ago could return the account to it, and the person could not revert that.
 */
function addressesInOrder(change: Move, history: readonly Move[], revertSeconds: number): string[] {
  const until = change.requestedAt.getTime()
  const from = until - revertSeconds * 1000
  const moves = history
    .filter(({ confirmedAt, revertedAt }) => {
      const at = confirmedAt?.getTime() ?? 0
      return revertedAt === null && at > from && at <= until
    })
    .sort((one, other) => Number(one.confirmedAt) - Number(other.confirmedAt))
  const [first] = moves
  return first ? [first.fromAddress, ...moves.map(({ toAddress }) => toAddress)] : []
}
