import type { Deps } from '../../deps.ts'
import { newReceipt } from '../../security/receipt.ts'
import { requireAddress } from '../addresses/require-address.ts'
import type { Origin } from '../events/record-event.ts'
import { queueMail } from './queue-mail.ts'

/**
 * Requests a mail to an address for somebody who is not signed in. The worker finds out whether the address has an
 * account, so that the request takes the same steps and gets the same answer for every address.
 *
 * @returns the receipt with which Support can find this request.
 * @throws {Refusal} invalid_email
 */
export async function requestMailToAddress(
  deps: Deps,
  input: { request: 'reset_password' | 'verification'; email: string; origin: Origin },
): Promise<{ receipt: string }> {
  const { request, email, origin } = input
  const to = requireAddress(email, 'email')
  const receipt = newReceipt()
  await queueMail(deps.pool, { request, to, receipt, origin, now: deps.clock.now() })
  return { receipt }
}
