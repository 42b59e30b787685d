import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { newReceipt } from '../../../security/receipt.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { queueMail } from '../../mails/queue-mail.ts'
import { Refusal } from '../../problems.ts'

/**
 * Sends reset instructions once more, to the address the account has and to no other. The receipt leads to what became
 * of them, as it does for a person who asked.
 *
 * @throws {Refusal} not_found
 */
export async function sendResetInstructions(
  deps: Deps,
  input: { accountId: string; by: Requester },
): Promise<{ receipt: string }> {
  const { accountId, by } = input
  const receipt = newReceipt()
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const holding = await tx.address.findFirst({
      where: { accountId, lockedAt: null },
      select: { address: true, account: { select: { email: true } } },
    })
    if (!holding?.account) throw new Refusal('not_found')
    const to = { email: holding.account.email, address: holding.address }
    await recordEvent(tx, { type: 'password.reset_requested', at: now, accountId, ...by, details: { receipt } })
    // Where the agent sits is of no use to the reader of the mail: no origin.
    await queueMail(tx, { request: 'reset_by_support', to, accountId, receipt, origin: null, now })
    return { receipt }
  })
}
