import { inTransaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { sendWithheldMails } from '../../mails/send-withheld-mails.ts'
import { Refusal } from '../../problems.ts'
import { endAccess } from '../../sessions/end-access.ts'
import { readUser, type UserView } from './user-view.ts'

/**
 * Disables an account, or enables it again. Disabling revokes every session and invalidates every mailed link except
 * revert links; they stay invalid when the account is enabled again. Enabling sends the reset instructions that were
 * withheld while the account was disabled. If the account is already in the requested state, nothing is changed or
 * recorded.
 *
 * @throws {Refusal} not_found
 */
export async function setDisabled(
  deps: Deps,
  input: { accountId: string; disabled: boolean; by: Requester },
): Promise<UserView> {
  const { accountId, disabled, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, accountId)
    if (!account) throw new Refusal('not_found')
    if ((account.disabledAt !== null) === disabled) return
    await tx.account.update({ where: { id: accountId }, data: { disabledAt: disabled ? now : null } })
    if (disabled) await endAccess(tx, { accountId, reason: 'account_disabled', now })
    else await sendWithheldMails(tx, accountId, now)
    await recordEvent(tx, { type: disabled ? 'account.disabled' : 'account.enabled', at: now, accountId, ...by })
  })
  return readUser(deps, accountId)
}
