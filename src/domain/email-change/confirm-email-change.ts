import { inTransaction, type Transaction } from '../../database/client.ts'
import type { EmailChange } from '../../database/generated/client.ts'
import { lockAccountRow, lockOpenSessionRows } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { claimAddress, lockCurrentAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { Refusal } from '../problems.ts'
import { endAccess } from '../sessions/end-access.ts'
import type { SessionEndReason } from '../sessions/end-sessions.ts'
import { trustNetwork } from '../throttle/known-networks.ts'

/**
 * Moves the account to the address that the opened link has just proven. The old address is locked and told, with a
 * link that puts it back; every session but the one that asked ends, and so does every other mailed link but the
 * revert links.
 *
 * @returns the account's address from now on.
 * @throws {Refusal} link_invalid, link_used, link_expired, email_unavailable (taken meanwhile; the link is not spent)
 */
export async function confirmEmailChange(
  deps: Deps,
  input: { token: string; origin: Origin },
): Promise<{ email: string }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'confirm_email', now })
    const account = await lockAccountRow(tx, link.accountId)
    await consumeMailedLink(tx, link, now)
    await lockOpenSessionRows(tx, link.accountId)
    const change = await markConfirmed(deps, tx, link.emailChangeId, now)
    if (!account || !change || (await isSessionLost(tx, change.sessionId))) throw new Refusal('link_expired')

    await moveAccount(deps, tx, change, now)
    const { accountId, sessionId } = change
    await endAccess(tx, { accountId, reason: 'email_changed', survivingSessionId: sessionId, now })
    await trustNetwork(deps, tx, { address: normalizedForm(change.toAddress), origin: input.origin, now })
    const details = { from: change.fromEmail, to: change.toEmail }
    await recordEvent(tx, {
      type: 'email_change.confirmed',
      at: now,
      accountId,
      sessionId,
      origin: input.origin,
      details,
    })
    const to = { email: change.fromEmail, address: change.fromAddress }
    await queueMail(tx, {
      request: 'email_changed',
      to,
      accountId,
      emailChangeId: change.id,
      origin: input.origin,
      now,
    })
    return { email: change.toEmail }
  })
}

/**
 * Only a change that is still pending: not cancelled, replaced, or ended with the session that asked for it.
 *
 * @throws {Refusal} email_unavailable where the new address belonged to a person who has been erased since.
 */
async function markConfirmed(
  deps: Deps,
  tx: Transaction,
  emailChangeId: string | null,
  now: Date,
): Promise<EmailChange | null> {
  if (emailChangeId === null) return null
  const { count } = await tx.emailChange.updateMany({
    where: { id: emailChangeId, confirmedAt: null, endedAt: null, expiresAt: { gt: now } },
    data: { confirmedAt: now },
  })
  const change = await tx.emailChange.findUnique({ where: { id: emailChangeId } })
  if (change?.endReason === 'address_erased') {
    throw new Refusal('email_unavailable', { support: deps.config.supportContact })
  }
  return count === 0 ? null : change
}

/**
 * Whether the session that asked was ended by anybody but its holder. Its pending change was ended with it, but for
 * one that was being asked for at that very moment.
 */
async function isSessionLost(tx: Transaction, sessionId: string): Promise<boolean> {
  const lost = await tx.session.count({
    where: { id: sessionId, endedAt: { not: null }, endReason: { not: 'logout' satisfies SessionEndReason } },
  })
  return lost > 0
}

async function moveAccount(deps: Deps, tx: Transaction, change: EmailChange, now: Date): Promise<void> {
  const { accountId, toEmail } = change
  await lockCurrentAddress(tx, { accountId, reason: 'email_changed', now })
  const address = normalizedForm(change.toAddress)
  if (!(await claimAddress(deps, tx, { address, accountId, now }))) {
    throw new Refusal('email_unavailable', { support: deps.config.supportContact })
  }
  await tx.account.update({ where: { id: accountId }, data: { email: toEmail, emailVerifiedAt: now } })
}
