import type { Transaction } from '../../database/client.ts'
import { openSession, unfinishedChange } from '../row-states.ts'

export type SessionEndReason =
  | 'logout'
  | 'revoked'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'email_change_cancelled'
  | 'email_reverted'
  | 'too_many_sessions'
  | 'revoked_by_support'
  | 'account_disabled'
  | 'revoked_by_operator'
  | 'refresh_counter_ahead'

/**
 * Ends sessions of one account: all of them, all except one, or one only. The email changes that these sessions
 * requested end too. Otherwise an owner who revokes a stranger's session could find the stranger's address confirmed a
 * minute later. Only an ordinary sign-out does not end the email change that its session requested.
 *
 * @returns how many sessions ended.
 */
export async function endSessionsOfAccount(
  tx: Transaction,
  input: { accountId: string; only?: string; except?: string; reason: SessionEndReason; now: Date },
): Promise<number> {
  const { accountId, only, except, reason, now } = input
  const chosen = only === undefined ? (except === undefined ? {} : { not: except }) : { equals: only }
  const { count } = await tx.session.updateMany({
    where: { accountId, id: chosen, ...openSession(now) },
    data: { endedAt: now, endReason: reason },
  })
  // This update comes after the one for the sessions. A request for an email change locks its session row. The update
  // above waited for that lock, so the new change is visible here.
  if (reason !== 'logout') {
    await tx.emailChange.updateMany({
      where: { accountId, sessionId: chosen, ...unfinishedChange },
      data: { endedAt: now, endReason: reason === 'email_change_cancelled' ? 'cancelled' : 'session_ended' },
    })
  }
  return count
}
