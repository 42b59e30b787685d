import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Account, EmailChange } from '../../database/generated/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { claimAddress, lockCurrentAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { Refusal } from '../problems.ts'
import { endAccess } from '../sessions/end-access.ts'

/**
 * "This was not me": the link in either notice to the old address. Before the change is confirmed it cancels it;
 * afterwards it puts the old address back, ends every session, makes the password useless and mails reset
 * instructions to the old address. Whoever read that mailbox first wins: the links of this change and of all later
 * ones die with it, those of earlier changes live on. A change that was replaced or given up keeps its link too: it
 * does the same to the one that came instead, or a thief would ask twice to make the first notice useless.
 *
 * @returns the account's address from now on.
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function revertEmailChange(
  deps: Deps,
  input: { token: string; origin: Origin },
): Promise<{ email: string }> {
  const { origin } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'revert_email', now })
    const account = await lockAccountRow(tx, link.accountId)
    await consumeMailedLink(tx, link, now)
    const change = link.emailChangeId && (await tx.emailChange.findUnique({ where: { id: link.emailChangeId } }))
    if (!account || !change || change.revertedAt) throw new Refusal('link_expired')
    const hasMoved = change.confirmedAt !== null || normalizedForm(account.email) !== change.fromAddress
    return hasMoved ? restore(deps, tx, { account, change, origin, now }) : cancel(tx, { account, change, origin, now })
  })
}

interface Reversal {
  readonly account: Account
  readonly change: EmailChange
  readonly origin: Origin
  readonly now: Date
}

async function cancel(tx: Transaction, { account, origin, now }: Reversal): Promise<{ email: string }> {
  const { count } = await tx.emailChange.updateMany({
    where: { accountId: account.id, confirmedAt: null, endedAt: null },
    data: { endedAt: now, endReason: 'cancelled' },
  })
  if (count === 0) throw new Refusal('link_expired')
  await recordEvent(tx, { type: 'email_change.cancelled', at: now, accountId: account.id, origin })
  return { email: account.email }
}

async function restore(deps: Deps, tx: Transaction, reversal: Reversal): Promise<{ email: string }> {
  const { account, change, origin, now } = reversal
  const accountId = account.id
  const displaced = { email: account.email, address: normalizedForm(account.email) }
  const restored = { email: change.fromEmail, address: normalizedForm(change.fromAddress) }

  await lockCurrentAddress(tx, { accountId, reason: 'email_reverted', now })
  const isClaimed = await claimAddress(deps, tx, { address: restored.address, accountId, now })
  if (!isClaimed) throw new Refusal('link_expired') // Support has since given the address to somebody else
  await tx.account.update({
    where: { id: accountId },
    data: { email: restored.email, emailVerifiedAt: now, passwordHash: null },
  })
  await endAccess(tx, { accountId, reason: 'email_reverted', now })
  await markReverted(tx, change, now)

  const details = { from: displaced.email, to: restored.email }
  await recordEvent(tx, { type: 'email_change.reverted', at: now, accountId, origin, details })
  await queueMail(tx, { request: 'reset_after_revert', to: restored, accountId, origin, now })
  if (displaced.address !== restored.address) {
    // It may be a thief's mailbox: it does not learn where the owner is.
    await queueMail(tx, { request: 'email_change_reverted', to: displaced, accountId, origin: null, now })
  }
  return { email: restored.email }
}

/** This change and every later one: their links could only lead away from the address that has just been put back. */
async function markReverted(tx: Transaction, change: EmailChange, now: Date): Promise<void> {
  const { accountId, requestedAt } = change
  await tx.mailedToken.updateMany({
    where: { purpose: 'revert_email', spentAt: null, emailChange: { accountId, requestedAt: { gte: requestedAt } } },
    data: { spentAt: now },
  })
  await tx.emailChange.updateMany({
    where: { accountId, requestedAt: { gte: requestedAt }, confirmedAt: { not: null }, revertedAt: null },
    data: { revertedAt: now },
  })
}
