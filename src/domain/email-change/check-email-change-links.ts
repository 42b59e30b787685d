import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { maskAddress } from '../../mail/mask-address.ts'
import { findAddress } from '../addresses/addresses.ts'
import { findMailedLink, recordLinkCheck } from '../mailed-links/consume-mailed-link.ts'
import { Refusal } from '../problems.ts'
import { requirePendingChange } from './confirm-email-change.ts'
import { judgeRevertLink, type RevertOutcome } from './judge-revert-link.ts'

/**
 * Tells a page whether its confirm link still works, and for which new address. Consumes nothing.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired, email_unavailable: as confirmEmailChange would.
 */
export async function checkConfirmLink(deps: Deps, token: string): Promise<{ emailHint: string; expiresAt: Date }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token, purpose: 'confirm_email', now })
    const change = await requirePendingChange(tx, { link, now })
    const held = await findAddress(deps, tx, normalizedForm(change.toAddress))
    if (held && held.accountId !== change.accountId) throw new Refusal('email_unavailable')
    await recordLinkCheck(tx, link, now)
    return { emailHint: maskAddress(change.toEmail), expiresAt: link.expiresAt }
  })
}

/**
 * Tells a page whether its revert link still works, what it would do, and which address would be in force afterwards.
 * Consumes nothing.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired: as revertEmailChange would.
 */
export async function checkRevertLink(
  deps: Deps,
  token: string,
): Promise<{ emailHint: string; expiresAt: Date; outcome: RevertOutcome }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token, purpose: 'revert_email', now })
    const account = link.accountId === null ? null : await tx.account.findUnique({ where: { id: link.accountId } })
    const { outcome, change } = await judgeRevertLink(deps, tx, { link, account, now })
    await recordLinkCheck(tx, link, now)
    return { emailHint: maskAddress(change.fromEmail), expiresAt: link.expiresAt, outcome }
  })
}
