import type { Database, Transaction } from '../../database/client.ts'
import type { MailedToken } from '../../database/generated/client.ts'
import { hashOpaqueToken } from '../../security/opaque-token.ts'
import type { DeadLink } from '../dead-links.ts'
import { deadLink, Refusal } from '../problems.ts'
import { liveLink } from '../row-states.ts'
import type { LinkPurpose } from './create-mailed-link.ts'

/**
 * Finds a link that would still work, without consuming it.
 *
 * @throws {Refusal} link_invalid, link_used or link_expired. The last two say what the person can do next.
 */
export async function findMailedLink(
  db: Database | Transaction,
  wanted: { token: string; purpose: LinkPurpose; now: Date },
): Promise<MailedToken> {
  const tokenHash = hashOpaqueToken(wanted.token)
  const found = tokenHash === null ? null : await db.mailedToken.findUnique({ where: { tokenHash } })
  // A token of another purpose gets the same answer as an unknown one, and is not consumed.
  if (!found || found.purpose !== wanted.purpose) throw new Refusal('link_invalid')
  const cause = await whyDead(db, found, wanted.now)
  if (cause !== null) throw deadLink(cause)
  return found
}

/**
 * Consumes a link in one conditional update: of fifty concurrent requests, one succeeds, and the others learn why not.
 * Take the row lock on the link's account, or the lock on its address, first.
 *
 * @throws {Refusal} link_used or link_expired.
 */
export async function consumeMailedLink(tx: Transaction, found: MailedToken, now: Date): Promise<void> {
  const { tokenHash, purpose } = found
  const current = await tx.mailedToken.findUnique({ where: { tokenHash } })
  if (!current) throw new Refusal('link_invalid') // its account was erased in the meantime
  const cause = await whyDead(tx, current, now)
  if (cause !== null) throw deadLink(cause)
  const { count } = await tx.mailedToken.updateMany({ where: { tokenHash, ...liveLink(now) }, data: { spentAt: now } })
  if (count === 0) throw deadLink(texts[purpose as LinkPurpose].used)
}

/** The texts for a link that was used, and for one that expired, by what the link was for. */
const texts = {
  verify_email: { used: 'verify_used', expired: 'verify_expired' },
  reset_password: { used: 'reset_used', expired: 'reset_expired' },
  confirm_email: { used: 'confirm_used', expired: 'confirm_expired' },
  revert_email: { used: 'revert_used', expired: 'revert_over' },
} as const satisfies Record<LinkPurpose, { used: DeadLink; expired: DeadLink }>

/**
 * Why a link no longer works; null if it does. A revert link ends by use, by age, by Support, or by what
 * email-change/judge-revert-link.ts decides. A credential change or a disabled account never ends it.
 */
async function whyDead(db: Database | Transaction, link: MailedToken, now: Date): Promise<DeadLink | null> {
  const purpose = link.purpose as LinkPurpose
  const { used, expired } = texts[purpose]
  if (link.spentAt !== null) return used
  const cause = purpose === 'revert_email' ? null : await whyOutlived(db, link)
  if (cause !== null) return (await isSpentByNow(db, link)) ? used : cause
  return link.endedAt !== null || link.expiresAt <= now ? expired : null
}

/**
 * Whether the link has been used since it was read. A second click may have been committed between the reading of the link
 * and that of its account. The change that seems to have ended the link is then the effect of its own use.
 */
async function isSpentByNow(db: Database | Transaction, { tokenHash }: MailedToken): Promise<boolean> {
  return (await db.mailedToken.count({ where: { tokenHash, spentAt: { not: null } } })) > 0
}

/** What has happened since the link was created that ends it; null if nothing has. */
async function whyOutlived(db: Database | Transaction, link: MailedToken): Promise<DeadLink | null> {
  const cause =
    link.accountId === null ? await registrationCause(db, link) : await accountCause(db, link, link.accountId)
  return cause ?? (link.endReason === 'replaced' ? 'replaced' : null)
}

async function accountCause(
  db: Database | Transaction,
  link: MailedToken,
  accountId: string,
): Promise<DeadLink | null> {
  const account = await db.account.findUnique({
    where: { id: accountId },
    select: { credentialVersion: true, disabledAt: true, emailVerifiedAt: true },
  })
  if (account?.disabledAt) return 'account_disabled'
  if (account?.credentialVersion === link.credentialVersion) return null
  if (link.purpose === 'confirm_email') return 'change_ended'
  return link.purpose === 'verify_email' && account?.emailVerifiedAt ? 'verify_no_longer_needed' : 'credentials_changed'
}

/** A link of a registration creates an account for its address. Another link may have done so first. */
async function registrationCause(db: Database | Transaction, link: MailedToken): Promise<DeadLink | null> {
  const { address, purpose, registrationId } = link
  const held = await db.address.findUnique({ where: { address }, select: { lockedAt: true } })
  if (held) return held.lockedAt === null ? 'verify_no_longer_needed' : 'verify_expired'
  return purpose === 'verify_email' && registrationId === null ? 'verify_expired' : null
}

/** Records, for Support, that the page of the link has asked whether the link works. Nothing is consumed. */
export async function recordLinkCheck(tx: Transaction, { tokenHash }: MailedToken, now: Date): Promise<void> {
  await tx.mailedToken.updateMany({ where: { tokenHash, checkedAt: null }, data: { checkedAt: now } })
}
