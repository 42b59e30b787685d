import { inTransaction, type Transaction } from '../../database/client.ts'
import type { EmailChange, MailedToken } from '../../database/generated/client.ts'
import { lockAccountRow, lockOpenSessionRows } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { claimAddress, lockCurrentAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { deadLink, Refusal } from '../problems.ts'
import { isPendingChange } from '../row-states.ts'
import { endAccess } from '../sessions/end-access.ts'
import type { SessionEndReason } from '../sessions/end-sessions-of-account.ts'
import { trustNetwork } from '../throttle/known-networks.ts'

/**
 * Moves the account to the address that the opened link has proven. The old address becomes a locked address, and receives
 * a notice with a revert link. Every session except the one that requested the change ends, and so do all other mailed
 * links except revert links.
 *
 * @returns the account's new address.
 * @throws {Refusal} link_invalid, link_used, link_expired; email_unavailable if another account has taken the address in the
 *   meantime, in which case the link is not consumed.
 */
export async function confirmEmailChange(
  deps: Deps,
  input: { token: string; origin: Origin },
): Promise<{ email: string }> {
  const { origin } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'confirm_email', now })
    await lockAccountRow(tx, link.accountId)
    await consumeMailedLink(tx, link, now)
    await lockOpenSessionRows(tx, link.accountId)
    const change = await requirePendingChange(tx, { link, now })

    await moveAccount(deps, tx, change, now)
    const { accountId, sessionId } = change
    await endAccess(tx, { accountId, reason: 'email_changed', survivingSessionId: sessionId, now })
    await trustNetwork(deps, tx, { address: normalizedForm(change.toAddress), origin, now })
    await recordEvent(tx, {
      type: 'email_change.confirmed',
      at: now,
      accountId,
      sessionId,
      origin,
      details: { from: change.fromEmail, to: change.toEmail },
    })
    await queueMail(tx, {
      request: 'email_changed',
      to: { email: change.fromEmail, address: change.fromAddress },
      accountId,
      emailChangeId: change.id,
      origin,
      now,
    })
    return { email: change.toEmail }
  })
}

/**
 * The change that a confirm link is for.
 *
 * @throws {Refusal} link_expired if it is no longer pending; email_unavailable if the new address belonged to a person who
 *   has been erased since.
 */
export async function requirePendingChange(
  tx: Transaction,
  input: { link: MailedToken; now: Date },
): Promise<EmailChange> {
  const { link, now } = input
  const change = link.emailChangeId && (await tx.emailChange.findUnique({ where: { id: link.emailChangeId } }))
  if (change && change.endReason === 'address_erased') throw new Refusal('email_unavailable')
  if (!change || !isPendingChange(change, now)) throw deadLink('change_ended')
  if (await wasSessionRevoked(tx, change.sessionId)) throw deadLink('change_ended')
  return change
}

/**
 * Whether the session that requested the change was revoked (an ordinary sign-out does not count). A revoked session usually
 * ends its change too. The exception is a change that was requested at the same moment as the revocation.
 */
async function wasSessionRevoked(tx: Transaction, sessionId: string): Promise<boolean> {
  const revoked = await tx.session.count({
    where: { id: sessionId, endedAt: { not: null }, endReason: { not: 'logout' satisfies SessionEndReason } },
  })
  return revoked > 0
}

async function moveAccount(deps: Deps, tx: Transaction, change: EmailChange, now: Date): Promise<void> {
  const { id, accountId, toEmail } = change
  // Conditional, because the reuse of a refresh token ends a pending change without a row lock on the account.
  const { count } = await tx.emailChange.updateMany({ where: { id, endedAt: null }, data: { confirmedAt: now } })
  if (count === 0) throw deadLink('change_ended')
  await lockCurrentAddress(tx, { accountId, reason: 'email_changed', now })
  const address = normalizedForm(change.toAddress)
  if (!(await claimAddress(deps, tx, { address, accountId, now }))) throw new Refusal('email_unavailable')
  await tx.account.update({ where: { id: accountId }, data: { email: toEmail, emailVerifiedAt: now } })
}
