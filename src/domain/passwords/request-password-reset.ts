import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newReceipt } from '../../security/receipt.ts'
import { requireAddress } from '../addresses/require-address.ts'
import type { Origin } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'

/**
 * Requests reset instructions. The worker finds out whether such an account exists, so that this does and answers the same
 * for every address. With the receipt, Support can find this request.
 *
 * @throws {Refusal} invalid_email
 */
export async function requestPasswordReset(
  deps: Deps,
  input: { email: string; origin: Origin },
): Promise<{ receipt: string }> {
  const to = requireAddress(input.email, 'email')
  const receipt = newReceipt()
  await inTransaction(deps.db, (tx) =>
    queueMail(tx, { request: 'reset_password', to, receipt, origin: input.origin, now: deps.clock.now() }),
  )
  return { receipt }
}
