import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { assertAcceptablePassword } from '../password-policy/judge-password.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'

/** An unproven registration is kept this long, in seconds; a new link can be asked for all the while. */
export const REGISTRATION_LIFETIME_SECONDS = 7 * 86_400

/**
 * Writes down that somebody wants an account, with the password it would get, and asks the worker for a mail. Whether
 * the address is new, in use or locked is not looked at here, so neither the answer nor its time can tell; the mail
 * says it, to the one person who may know.
 *
 * @throws {Refusal} invalid_email, password_policy
 */
export async function register(
  deps: Deps,
  input: { email: string; password: PlainPassword; origin: Origin },
): Promise<void> {
  const { password, origin } = input
  const { email, address } = requireAddress(input.email, 'email')
  await assertAcceptablePassword(deps, password, 'password', { email })
  const passwordHash = await hashInTurn(deps, origin, (place) => deps.passwords.hash(place, password))
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const expiresAt = new Date(now.getTime() + REGISTRATION_LIFETIME_SECONDS * 1000)
    const registration = await tx.registration.create({
      data: { email, address, passwordHash, createdAt: now, expiresAt },
    })
    const details = { addressHash: hashAddress(deps, address) }
    await recordEvent(tx, { type: 'account.registration_requested', at: now, actor: 'anonymous', origin, details })
    await queueMail(tx, {
      request: 'registration',
      to: { email, address },
      registrationId: registration.id,
      origin,
      now,
    })
  })
}
