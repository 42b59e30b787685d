import { inTransaction, type Transaction } from '../../database/client.ts'
import type { MailedToken, Registration } from '../../database/generated/client.ts'
import { lockAccountOrAddress } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { maskAddress } from '../../mail/mask-address.ts'
import { asPasswordHash } from '../../security/password-hash.ts'
import { findAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink, recordLinkCheck } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { deadLink } from '../problems.ts'
import { createVerifiedAccount } from './create-verified-account.ts'

/**
 * Creates the account of the registration that the link belongs to, with the password of that registration. For an
 * account that Support has created, the link only verifies the address.
 *
 * If the mail of another registration of the address was held back, the opened link may be a stranger's. The account
 * then gets no password, so that no stranger's password comes into force, and a mail lets the owner choose one.
 *
 * @returns the verified address.
 * @throws {Refusal} link_invalid, link_used, link_expired
 */
export async function verifyEmail(deps: Deps, input: { token: string; origin: Origin }): Promise<{ email: string }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token: input.token, purpose: 'verify_email', now })
    await lockAccountOrAddress(tx, link)
    await consumeMailedLink(tx, link, now)
    const opened = { link, origin: input.origin, now }
    return link.accountId === null
      ? createAccountOfRegistration(deps, tx, opened)
      : verifyAddressOfAccount(tx, link.accountId, opened)
  })
}

/**
 * Checks whether a verification link still works, and for which address. The token is not consumed.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired: as verifyEmail would.
 */
export async function checkVerificationLink(
  deps: Deps,
  token: string,
): Promise<{ emailHint: string; expiresAt: Date }> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const link = await findMailedLink(tx, { token, purpose: 'verify_email', now })
    if (link.accountId === null) {
      const { address } = await requireRegistration(tx, link)
      if (await findAddress(deps, tx, normalizedForm(address))) throw deadLink('verify_expired')
    }
    await recordLinkCheck(tx, link, now)
    return { emailHint: maskAddress(link.address), expiresAt: link.expiresAt }
  })
}

interface OpenedLink {
  readonly link: MailedToken
  readonly origin: Origin
  readonly now: Date
}

/** A registration whose password hash is unreadable cannot be used. The person has to register again. */
async function requireRegistration(tx: Transaction, link: MailedToken): Promise<Registration> {
  const { registrationId } = link
  const registration = registrationId && (await tx.registration.findUnique({ where: { id: registrationId } }))
  if (!registration || asPasswordHash(registration.passwordHash) === null) throw deadLink('verify_expired')
  return registration
}

async function createAccountOfRegistration(
  deps: Deps,
  tx: Transaction,
  { link, origin, now }: OpenedLink,
): Promise<{ email: string }> {
  const registration = await requireRegistration(tx, link)
  const { email, locale } = registration
  const address = normalizedForm(registration.address)
  const isOwners = !(await hasRegistrationWithoutLink(tx, registration, now))
  const passwordHash = isOwners ? asPasswordHash(registration.passwordHash) : null
  const accountId = await createVerifiedAccount(deps, tx, { email, address, passwordHash, locale, origin, now })
  if (accountId === null) throw deadLink('verify_expired')
  await recordEvent(tx, { type: 'account.email_verified', at: now, accountId, origin })
  if (!isOwners) await queueMail(tx, { request: 'choose_password', to: { email, address }, accountId, origin, now })
  return { email }
}

/**
 * Whether the address has another registration whose mail was held back. That registration may be the owner's, because
 * strangers can use up the mails to an address before its owner registers.
 */
async function hasRegistrationWithoutLink(tx: Transaction, registration: Registration, now: Date): Promise<boolean> {
  const { id, address } = registration
  const waiting = await tx.registration.count({
    where: { address, id: { not: id }, mailHeldBackAt: { not: null }, expiresAt: { gt: now } },
  })
  return waiting > 0
}

async function verifyAddressOfAccount(
  tx: Transaction,
  accountId: string,
  { origin, now }: OpenedLink,
): Promise<{ email: string }> {
  const { email } = await tx.account.update({
    where: { id: accountId },
    data: { emailVerifiedAt: now },
    select: { email: true },
  })
  await recordEvent(tx, { type: 'account.email_verified', at: now, accountId, origin })
  return { email }
}
