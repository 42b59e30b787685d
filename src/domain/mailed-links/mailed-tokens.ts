import type { Database, Transaction } from '../../database/client.ts'
import type { MailedToken } from '../../database/generated/client.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../security/opaque-token.ts'
import type { Secret } from '../../security/secret.ts'
import { Refusal } from '../problems.ts'

export type TokenPurpose = 'verify_email' | 'reset_password' | 'confirm_email' | 'revert_email'

export interface NewMailedToken {
  readonly purpose: TokenPurpose
  readonly mailId: string
  readonly address: string
  readonly now: Date
  readonly expiresAt: Date
  readonly accountId?: string
  readonly registrationId?: string
  readonly emailChangeId?: string
  readonly credentialVersion?: number
}

/** Makes the secret of a mailed link as the mail goes out; only its hash stays behind. */
export async function mintMailedToken(tx: Transaction, wanted: NewMailedToken): Promise<Secret<'token'>> {
  const { token, hash } = newOpaqueToken()
  const { now, ...columns } = wanted
  await tx.mailedToken.create({ data: { ...columns, tokenHash: hash, createdAt: now } })
  return token
}

/**
 * Finds a link that would still work, without spending it.
 *
 * @throws {Refusal} link_invalid, link_used or link_expired.
 */
export async function findMailedToken(
  db: Database | Transaction,
  wanted: { token: string; purpose: TokenPurpose; now: Date },
): Promise<MailedToken> {
  const tokenHash = hashOpaqueToken(wanted.token)
  const found = tokenHash === null ? null : await db.mailedToken.findUnique({ where: { tokenHash } })
  // A token of another purpose is as unknown as any: it must not be told apart, nor spent.
  if (!found || found.purpose !== wanted.purpose) throw new Refusal('link_invalid')
  if (found.spentAt !== null) throw new Refusal('link_used')
  if (found.expiresAt <= wanted.now || (await isOutlived(db, found))) throw new Refusal('link_expired')
  return found
}

/**
 * Spends a link in one conditional update: of fifty requests at once, one gets it. Whoever comes later is told why.
 *
 * @throws {Refusal} link_used or link_expired.
 */
export async function spendMailedToken(tx: Transaction, found: MailedToken, now: Date): Promise<void> {
  const { count } = await tx.mailedToken.updateMany({
    where: { tokenHash: found.tokenHash, spentAt: null, expiresAt: { gt: now } },
    data: { spentAt: now },
  })
  if (count === 0) {
    const lost = await tx.mailedToken.findUnique({ where: { tokenHash: found.tokenHash }, select: { spentAt: true } })
    throw new Refusal(lost?.spentAt ? 'link_used' : 'link_expired')
  }
  if (await isOutlived(tx, found)) throw new Refusal('link_expired')
}

/** Whether a credential change, a disabling or an erasure since it was minted has ended it. Revert links outlive them. */
async function isOutlived(db: Database | Transaction, found: MailedToken): Promise<boolean> {
  if (found.purpose === 'revert_email') return false
  if (found.accountId === null) return isRegistrationOver(db, found)
  const account = await db.account.findUnique({
    where: { id: found.accountId },
    select: { credentialVersion: true, disabledAt: true },
  })
  return account === null || account.disabledAt !== null || account.credentialVersion !== found.credentialVersion
}

/** A link of a registration opens an account for its address: another link, or another account, may have come first. */
async function isRegistrationOver(db: Database | Transaction, found: MailedToken): Promise<boolean> {
  if (found.purpose === 'verify_email' && found.registrationId === null) return true
  return (await db.address.count({ where: { address: found.address } })) > 0
}
