import { inTransaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { Refusal } from '../../problems.ts'
import { endAccess } from '../../sessions/end-access.ts'
import { readUser, type UserView } from './user-view.ts'

/**
 * Shuts an account, or opens it again. Shutting ends every session and every mailed link but the revert links at once,
 * and they stay dead when it is opened again. Setting what is set already changes and records nothing.
 *
 * @throws {Refusal} not_found
 */
export async function setDisabled(
  deps: Deps,
  input: { accountId: string; disabled: boolean; by: Requester },
): Promise<UserView> {
  const { accountId, disabled, by } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, accountId)
    if (!account) throw new Refusal('not_found')
    if ((account.disabledAt !== null) !== disabled) {
      await tx.account.update({ where: { id: accountId }, data: { disabledAt: disabled ? now : null } })
      if (disabled) await endAccess(tx, { accountId, reason: 'account_disabled', now })
      await recordEvent(tx, { type: disabled ? 'account.disabled' : 'account.enabled', at: now, accountId, ...by })
    }
    return readUser(tx, accountId, now)
  })
}
