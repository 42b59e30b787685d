import type { Database, Transaction } from '../../database/client.ts'
import type { MailedToken } from '../../database/generated/client.ts'
import { hashOpaqueToken } from '../../security/opaque-token.ts'
import { Refusal } from '../problems.ts'
import { liveLink } from '../row-states.ts'
import type { LinkPurpose } from './create-mailed-link.ts'

/**
 * Finds a link that would still work, without consuming it.
 *
 * @throws {Refusal} link_invalid, link_used or link_expired.
 */
export async function findMailedLink(
  db: Database | Transaction,
  wanted: { token: string; purpose: LinkPurpose; now: Date },
): Promise<MailedToken> {
  const tokenHash = hashOpaqueToken(wanted.token)
  const found = tokenHash === null ? null : await db.mailedToken.findUnique({ where: { tokenHash } })
  // A token of another purpose gets the same answer as an unknown one, and is not consumed.
  if (!found || found.purpose !== wanted.purpose) throw new Refusal('link_invalid')
  if (found.spentAt !== null) throw new Refusal('link_used')
  if (found.endedAt !== null || found.expiresAt <= wanted.now) throw new Refusal('link_expired')
  if (await isOutlived(db, found)) throw new Refusal('link_expired')
  return found
}

/**
 * Consumes a link in one conditional update: of fifty concurrent requests, one succeeds, and the others learn why not.
 * Take the row lock on the link's account, or the lock on its address, first.
 *
 * @throws {Refusal} link_used or link_expired.
 */
export async function consumeMailedLink(tx: Transaction, found: MailedToken, now: Date): Promise<void> {
  const { tokenHash } = found
  const { count } = await tx.mailedToken.updateMany({ where: { tokenHash, ...liveLink(now) }, data: { spentAt: now } })
  if (count === 0) {
    const lost = await tx.mailedToken.findUnique({ where: { tokenHash }, select: { spentAt: true } })
    throw new Refusal(lost?.spentAt ? 'link_used' : 'link_expired')
  }
  if (await isOutlived(tx, found)) throw new Refusal('link_expired')
}

/**
 * Whether the link's account has changed its credentials or was disabled since the link was created. This never ends a
 * revert link: see email-change/judge-revert-link.ts for what does.
 */
async function isOutlived(db: Database | Transaction, found: MailedToken): Promise<boolean> {
  if (found.purpose === 'revert_email') return false
  if (found.accountId === null) return isRegistrationOver(db, found)
  const account = await db.account.findUnique({
    where: { id: found.accountId },
    select: { credentialVersion: true, disabledAt: true },
  })
  return account === null || account.disabledAt !== null || account.credentialVersion !== found.credentialVersion
}

/** A link of a registration creates an account for its address. Another link may have done so first. */
async function isRegistrationOver(db: Database | Transaction, found: MailedToken): Promise<boolean> {
  if (found.purpose === 'verify_email' && found.registrationId === null) return true
  return (await db.address.count({ where: { address: found.address } })) > 0
}
