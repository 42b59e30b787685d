import type { Deps } from '../../deps.ts'
import { maskAddress } from '../../mail/mask-address.ts'
import { findMailedLink } from '../mailed-links/consume-mailed-link.ts'

/**
 * Tells a page whether its reset link still works, and for which address, before anybody types a password. Spends
 * nothing; that it was looked at is written down for Support.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function checkResetLink(deps: Deps, token: string): Promise<{ emailHint: string; expiresAt: Date }> {
  const now = deps.clock.now()
  const link = await findMailedLink(deps.db, { token, purpose: 'reset_password', now })
  await deps.db.mailedToken.updateMany({
    where: { tokenHash: link.tokenHash, checkedAt: null },
    data: { checkedAt: now },
  })
  return { emailHint: maskAddress(link.address), expiresAt: link.expiresAt }
}
