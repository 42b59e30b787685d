import { inTransaction, type Transaction } from '../../database/client.ts'
import type { MailedToken } from '../../database/generated/client.ts'
import { lockAccountOrAddress } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { localesIn } from '../../mail/locale.ts'
import { hashOpaqueToken } from '../../security/opaque-token.ts'
import type { PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { consumeMailedLink, findMailedLink } from '../mailed-links/consume-mailed-link.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { acceptedLocale } from '../mails/read-locale.ts'
import { assertAcceptablePassword } from '../password-policy/judge-password.ts'
import { deadLink, Refusal } from '../problems.ts'
import { createVerifiedAccount } from '../registration/create-verified-account.ts'
import { endAccess } from '../sessions/end-access.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'
import { resetAttempts } from '../throttle/reset-attempts.ts'
import { compareWithEarlier } from './compare-with-earlier.ts'

/**
 * Sets a new password with a mailed link, regardless of who is signed in. Every session ends, and so does every mailed link
 * except revert links. No session is created. A refused password does not consume the link.
 *
 * If the address has registrations only, the link creates the account.
 *
 * @throws {Refusal} link_invalid, link_used, link_expired, password_policy
 */
export async function resetPassword(
  deps: Deps,
  input: { token: string; newPassword: PlainPassword; origin: Origin },
): Promise<void> {
  const key = hashOpaqueToken(input.token)
  if (key === null) throw new Refusal('link_invalid')
  await deps.turns.take(key, () => resetInTurn(deps, input))
}

async function resetInTurn(
  deps: Deps,
  input: { token: string; newPassword: PlainPassword; origin: Origin },
): Promise<void> {
  const { token, newPassword, origin } = input
  const link = await findMailedLink(deps.db, { token, purpose: 'reset_password', now: deps.clock.now() })
  await assertAcceptableReset(deps, { link, newPassword, origin })
  const passwordHash = await hashInTurn(deps, origin, (place) => deps.passwords.hash(place, newPassword))
  const now = deps.clock.now()

  await inTransaction(deps.db, async (tx) => {
    const account = await lockAccountOrAddress(tx, link)
    await consumeMailedLink(tx, link, now)
    const accountId = account
      ? await replacePassword(tx, { accountId: account.id, passwordHash, now })
      : await createRegisteredAccount(deps, tx, { link, passwordHash, origin, now })
    const { email } = await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { email: true } })
    await resetAttempts(deps, tx, { address: normalizedForm(link.address), origin, now })
    await recordEvent(tx, { type: 'password.reset', at: now, accountId, origin })
    await queueMail(tx, { request: 'password_was_reset', to: { email, address: link.address }, accountId, origin, now })
  })
}

async function assertAcceptableReset(
  deps: Deps,
  input: { link: MailedToken; newPassword: PlainPassword; origin: Origin },
): Promise<void> {
  const { link, newPassword, origin } = input
  const account = link.accountId === null ? null : await deps.db.account.findUnique({ where: { id: link.accountId } })
  const comparison = await compareWithEarlier(deps, { account, newPassword, origin })
  await assertAcceptablePassword(deps, newPassword, 'newPassword', { email: link.address, ...comparison })
}

/** The link came to the account's own mailbox, so the address counts as verified. */
async function replacePassword(
  tx: Transaction,
  input: { accountId: string; passwordHash: PasswordHash; now: Date },
): Promise<string> {
  const { accountId, passwordHash, now } = input
  await tx.account.update({
    where: { id: accountId },
    data: { passwordHash, passwordChangedAt: now, emailVerifiedAt: now },
  })
  await endAccess(tx, { accountId, reason: 'password_reset', now })
  return accountId
}

/** The address had registrations only. The person who opened this link owns it; the registered passwords are discarded. */
async function createRegisteredAccount(
  deps: Deps,
  tx: Transaction,
  input: { link: MailedToken; passwordHash: PasswordHash; origin: Origin; now: Date },
): Promise<string> {
  const { link, ...opened } = input
  const address = normalizedForm(link.address)
  const registration = await tx.registration.findFirst({ where: { address }, orderBy: { createdAt: 'desc' } })
  const email = registration?.email ?? address
  const locale = acceptedLocale(deps, localesIn(input.origin.acceptLanguage))
  const accountId = await createVerifiedAccount(deps, tx, { email, address, locale, ...opened })
  if (accountId === null) throw deadLink('verify_no_longer_needed')
  return accountId
}
