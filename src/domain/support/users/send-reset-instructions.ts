import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { newReceipt } from '../../../security/receipt.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { queueMail } from '../../mails/queue-mail.ts'
import { Refusal } from '../../problems.ts'
import { limitUse } from '../../throttle/limit-use.ts'

/** Enough for a person on the phone, but too few to flood a mailbox if the secret of a client has leaked. */
const MOST_PER_HOUR = { most: 5, windowSeconds: 3600 }

/**
 * Sends reset instructions to the current address of the account. With the receipt, Support sees the state of the
 * mail. The links that the person requested keep working.
 *
 * @throws {Refusal} not_found, account_is_disabled, too_many_attempts after five requests of one service client for one
 *   account in an hour.
 */
export async function sendResetInstructions(
  deps: Deps,
  input: { accountId: string; by: Requester },
): Promise<{ receipt: string }> {
  const { accountId, by } = input
  const account = await deps.db.account.findUnique({ where: { id: accountId }, select: { id: true } })
  if (!account) throw new Refusal('not_found')
  await limitUse(deps, ['reset instructions', accountId, JSON.stringify(by.actor)], MOST_PER_HOUR)

  const receipt = newReceipt()
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const holding = await tx.address.findFirst({
      where: { accountId, lockedAt: null },
      select: { address: true, account: { select: { email: true, disabledAt: true } } },
    })
    if (!holding?.account) throw new Refusal('not_found')
    if (holding.account.disabledAt) throw new Refusal('account_is_disabled')
    const to = { email: holding.account.email, address: holding.address }
    await recordEvent(tx, { type: 'password.reset_requested', at: now, accountId, ...by, details: { receipt } })
    // The mail has no origin: the agent's network is of no use to its reader.
    await queueMail(tx, { request: 'reset_by_support', to, accountId, receipt, origin: null, now })
    return { receipt }
  })
}
