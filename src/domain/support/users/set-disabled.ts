import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { endAccess } from '../../accounts/end-access.ts'
import { lockAccount } from '../../accounts/lock-account.ts'
import { recordEvent } from '../../events.ts'
import { Refusal } from '../../problems.ts'
import type { Requester } from '../requester.ts'
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
    const account = await lockAccount(tx, accountId)
    if (!account) throw new Refusal('not_found')
    if ((account.disabledAt !== null) !== disabled) {
      await tx.account.update({ where: { id: accountId }, data: { disabledAt: disabled ? now : null } })
      if (disabled) await endAccess(tx, { accountId, reason: 'account_disabled', now })
      await recordEvent(tx, { type: disabled ? 'account.disabled' : 'account.enabled', at: now, accountId, ...by })
    }
    return readUser(tx, accountId, now)
  })
}
