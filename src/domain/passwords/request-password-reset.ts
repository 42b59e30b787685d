import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newReceipt } from '../../security/receipt.ts'
import { requireAddress } from '../addresses/require-address.ts'
import type { Origin } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'

/**
 * Asks for reset instructions. Whether there is such an account is for the worker to find out: what is done and
 * answered here is the same for every address. The receipt names this request to Support.
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
