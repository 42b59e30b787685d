import { inTransaction, type Transaction } from '../../database/client.ts'
import type { MailedToken } from '../../database/generated/client.ts'
import { lockAccountOrAddress } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { asPasswordHash } from '../../security/password-hash.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { Refusal } from '../problems.ts'
import { createProvenAccount } from './create-account.ts'

/**
 * Opens the account of the registration that the link belongs to, and of no other: its password is the one that was
 * typed for it. For an account that Support made, the link only proves the address.
 *
 * @returns the address that is proven now.
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function verifyEmail(deps: Deps, input: { token: string; origin: Origin }): Promise<{ email: string }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'verify_email', now })
    await lockAccountOrAddress(tx, link)
    await consumeMailedLink(tx, link, now)
    const proven = { link, origin: input.origin, now }
    return link.accountId === null ? openAccount(deps, tx, proven) : proveAddress(tx, link.accountId, proven)
  })
}

interface ProvenLink {
  readonly link: MailedToken
  readonly origin: Origin
  readonly now: Date
}

async function openAccount(deps: Deps, tx: Transaction, { link, origin, now }: ProvenLink): Promise<{ email: string }> {
  if (link.registrationId === null) throw new Refusal('link_expired') // another link of the address came first
  const registration = await tx.registration.findUnique({ where: { id: link.registrationId } })
  const passwordHash = registration && asPasswordHash(registration.passwordHash)
  if (!registration || !passwordHash) throw new Refusal('link_expired')
  const { email } = registration
  const address = normalizedForm(registration.address)
  const accountId = await createProvenAccount(deps, tx, { email, address, passwordHash, origin, now })
  if (accountId === null) throw new Refusal('link_expired')
  await recordEvent(tx, { type: 'account.email_verified', at: now, accountId, origin })
  return { email }
}

async function proveAddress(
  tx: Transaction,
  accountId: string,
  { origin, now }: ProvenLink,
): Promise<{ email: string }> {
  const { email } = await tx.account.update({
    where: { id: accountId },
    data: { emailVerifiedAt: now },
    select: { email: true },
  })
  await recordEvent(tx, { type: 'account.email_verified', at: now, accountId, origin })
  return { email }
}
