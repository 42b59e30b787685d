import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Account, EmailChange } from '../../database/generated/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { claimAddress, lockCurrentAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { deadLink } from '../problems.ts'
import { endAccess } from '../sessions/end-access.ts'
import { endSessionsOfAccount } from '../sessions/end-sessions-of-account.ts'
import { resetAttempts } from '../throttle/reset-attempts.ts'
import { judgeRevertLink, type RevertOutcome } from './judge-revert-link.ts'

/**
 * Undoes an email change with the link in a notice to the old address. Before the change is confirmed, this cancels it and
 * ends the session that requested it. Afterwards it restores the old address, revokes every session and the password, and
 * mails reset instructions to the old address.
 *
 * Until it expires or Support ends it, the link of the person who held the account first works, even after further
 * changes, a reset, or while the account is disabled: a disabled account is restored and stays disabled.
 *
 * @returns the account's address after this, and what has happened.
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function revertEmailChange(
  deps: Deps,
  input: { token: string; origin: Origin },
): Promise<{ email: string; outcome: RevertOutcome }> {
  const { origin } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'revert_email', now })
    const account = await lockAccountRow(tx, link.accountId)
    await consumeMailedLink(tx, link, now)
    const { outcome, change, pending } = await judgeRevertLink(deps, tx, { link, account, now })
    if (!account) throw deadLink('revert_over')
    const email = pending
      ? await cancel(tx, { account, change: pending, origin, now })
      : await restore(deps, tx, { account, change, origin, now })
    return { email, outcome }
  })
}

interface Reversal {
  readonly account: Account
  readonly change: EmailChange
  readonly origin: Origin
  readonly now: Date
}

/** Ending the session that requested the change ends the change as well. It is probably a thief's session. */
async function cancel(tx: Transaction, { account, change, origin, now }: Reversal): Promise<string> {
  const { sessionId } = change
  const reason = 'email_change_cancelled'
  const ended = await endSessionsOfAccount(tx, { accountId: account.id, only: sessionId, reason, now })
  await recordEvent(tx, { type: 'email_change.cancelled', at: now, accountId: account.id, sessionId, origin })
  if (ended > 0) {
    await recordEvent(tx, {
      type: 'session.ended',
      at: now,
      accountId: account.id,
      sessionId,
      origin,
      details: { reason },
    })
  }
  return account.email
}

async function restore(deps: Deps, tx: Transaction, { account, change, origin, now }: Reversal): Promise<string> {
  const accountId = account.id
  const displaced = { email: account.email, address: normalizedForm(account.email) }
  const restored = { email: change.fromEmail, address: normalizedForm(change.fromAddress) }

  await lockCurrentAddress(tx, { accountId, reason: 'email_reverted', now })
  const isClaimed = await claimAddress(deps, tx, { address: restored.address, accountId, now })
  if (!isClaimed) throw deadLink('revert_over') // Support has given the address to somebody else at this moment
  await tx.account.update({
    where: { id: accountId },
    data: {
      email: restored.email,
      emailVerifiedAt: now,
      passwordHash: null,
      revokedPasswordHashes: revokedBy(account, change),
    },
  })
  await endAccess(tx, { accountId, reason: 'email_reverted', now })
  await markReverted(tx, change, now)
  await resetAttempts(deps, tx, { address: restored.address, origin, now })

  const details = { from: displaced.email, to: restored.email }
  await recordEvent(tx, { type: 'email_change.reverted', at: now, accountId, origin, details })
  await queueMail(tx, { request: 'reset_after_revert', to: restored, accountId, origin, now })
  if (displaced.address !== restored.address) {
    // It may be a thief's mailbox, which must not learn where the owner is: no origin.
    await queueMail(tx, { request: 'email_change_reverted', to: displaced, accountId, origin: null, now })
  }
  return restored.email
}

/** Each revoked hash costs one comparison whenever a new password is chosen. */
const MOST_REVOKED_HASHES = 4

/**
 * Returns the hashes of the passwords that a thief may know: the one used to request the change, and the current one.
 * Hashes from earlier reverts are kept too; the newest are last.
 */
function revokedBy(account: Account, change: EmailChange): string[] {
  const hashes = [...account.revokedPasswordHashes, change.passwordHash, account.passwordHash]
  const distinct = new Set(hashes.filter((hash) => hash !== null))
  return [...distinct].slice(-MOST_REVOKED_HASHES)
}

/**
 * Marks this change and every later one, confirmed or not: their revert links could only lead away from the address that
 * has just been restored. The links of earlier changes keep working.
 */
async function markReverted(tx: Transaction, change: EmailChange, now: Date): Promise<void> {
  const { accountId, requestedAt } = change
  await tx.emailChange.updateMany({
    where: { accountId, requestedAt: { gte: requestedAt }, revertedAt: null },
    data: { revertedAt: now },
  })
}
