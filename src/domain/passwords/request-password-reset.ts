import type { Deps } from '../../deps.ts'
import type { Origin } from '../events/record-event.ts'
import { requestMailToAddress } from '../mails/request-mail-to-address.ts'

/**
 * Requests reset instructions. The answer is the same for every address. With the receipt, Support can find this request.
 *
 * @throws {Refusal} invalid_email
 */
export async function requestPasswordReset(
  deps: Deps,
  input: { email: string; origin: Origin },
): Promise<{ receipt: string }> {
  return requestMailToAddress(deps, { request: 'reset_password', ...input })
}
