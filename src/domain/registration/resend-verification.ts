import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newReceipt } from '../../security/receipt.ts'
import { requireAddress } from '../addresses/require-address.ts'
import type { Origin } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'

/**
 * Requests another verification mail. The worker looks up what can be verified, so that the request takes the same
 * steps and gets the same answer for every address. With the receipt, Support can find this request.
 *
 * @throws {Refusal} invalid_email
 */
export async function resendVerification(
  deps: Deps,
  input: { email: string; origin: Origin },
): Promise<{ receipt: string }> {
  const to = requireAddress(input.email, 'email')
  const receipt = newReceipt()
  await inTransaction(deps.db, (tx) =>
    queueMail(tx, { request: 'verification', to, receipt, origin: input.origin, now: deps.clock.now() }),
  )
  return { receipt }
}
