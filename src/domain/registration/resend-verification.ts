import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { requireAddress } from '../addresses/require-address.ts'
import type { Origin } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'

/**
 * Asks for another verification mail. What there is to verify, if anything, is for the worker to find out.
 *
 * @throws {Refusal} invalid_email
 */
export async function resendVerification(deps: Deps, input: { email: string; origin: Origin }): Promise<void> {
  const to = requireAddress(input.email, 'email')
  await inTransaction(deps.db, (tx) =>
    queueMail(tx, { request: 'verification', to, origin: input.origin, now: deps.clock.now() }),
  )
}
