import type { Transaction } from '../../database/client.ts'

export type SessionEndReason =
  | 'logout'
  | 'revoked'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_reset'
  | 'email_changed'
  | 'email_reverted'
  | 'too_many_sessions'
  | 'revoked_by_support'
  | 'account_disabled'

/**
 * Ends sessions of one account, all or some, and with them the email changes they asked for: an owner who throws out
 * a stranger's session must not find the stranger's address confirmed a minute later. A change outlives only the
 * plain logout of its own session.
 *
 * @returns how many sessions were ended.
 */
export async function endSessions(
  tx: Transaction,
  input: { accountId: string; only?: string; except?: string; reason: SessionEndReason; now: Date },
): Promise<number> {
  const { accountId, only, except, reason, now } = input
  const chosen = only === undefined ? (except === undefined ? {} : { not: except }) : { equals: only }
  const { count } = await tx.session.updateMany({
    where: { accountId, id: chosen, endedAt: null, expiresAt: { gt: now } },
    data: { endedAt: now, endReason: reason },
  })
  // After the sessions: a change that is being asked for holds its session, so it is there by the time that is ended.
  if (reason !== 'logout') {
    await tx.emailChange.updateMany({
      where: { accountId, sessionId: chosen, confirmedAt: null, endedAt: null },
      data: { endedAt: now, endReason: 'session_ended' },
    })
  }
  return count
}
