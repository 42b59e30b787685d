import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { maskAddress } from '../../mail/mask-address.ts'
import { findMailedLink, recordLinkCheck } from '../mailed-links/consume-mailed-link.ts'

/**
 * Tells a page whether its reset link still works, and for which address, before a password is typed. Consumes nothing. The
 * check is recorded for Support.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function checkResetLink(deps: Deps, token: string): Promise<{ emailHint: string; expiresAt: Date }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token, purpose: 'reset_password', now })
    await recordLinkCheck(tx, link, now)
    return { emailHint: maskAddress(link.address), expiresAt: link.expiresAt }
  })
}
