import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { localesIn } from '../../mail/locale.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { newReceipt } from '../../security/receipt.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { acceptedLocale, requireLocale } from '../mails/read-locale.ts'
import { assertAcceptablePassword } from '../password-policy/judge-password.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'

/** How long a registration waits for its address to be verified. A new link can be requested during this time. */
export const REGISTRATION_LIFETIME_SECONDS = 7 * 86_400

/**
 * Records a registration with the password that the account would get, and queues a mail. Nothing here depends on whether
 * the address is new, in use or locked, so neither the answer nor its time reveals it. Only the mail says so, to the owner
 * of the address. With the receipt, Support can find this request.
 *
 * @throws {Refusal} invalid_email, password_policy, invalid_request (locale)
 */
export async function register(
  deps: Deps,
  input: { email: string; password: PlainPassword; locale?: string; origin: Origin },
): Promise<{ receipt: string }> {
  const { password, origin } = input
  const { email, address } = requireAddress(input.email, 'email')
  const locale =
    input.locale === undefined ? acceptedLocale(deps, localesIn(origin.acceptLanguage)) : requireLocale(input.locale)
  await assertAcceptablePassword(deps, password, 'password', { email })
  const passwordHash = await hashInTurn(deps, origin, (place) => deps.passwords.hash(place, password))
  const receipt = newReceipt()
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const expiresAt = new Date(now.getTime() + REGISTRATION_LIFETIME_SECONDS * 1000)
    const registration = await tx.registration.create({
      data: { email, address, passwordHash, locale, createdAt: now, expiresAt },
    })
    const details = { addressHash: hashAddress(deps, address) }
    await recordEvent(tx, { type: 'account.registration_requested', at: now, actor: 'anonymous', origin, details })
    await queueMail(tx, {
      request: 'registration',
      to: { email, address },
      registrationId: registration.id,
      receipt,
      origin,
      now,
    })
  })
  return { receipt }
}
