import { inTransaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { Refusal } from '../../problems.ts'
import { endSessionsOfAccount } from '../../sessions/end-sessions-of-account.ts'

/**
 * Revokes every session of an account. A pending email change is cancelled too.
 *
 * @returns how many sessions were revoked.
 * @throws {Refusal} not_found
 */
export async function revokeAllSessions(
  deps: Deps,
  input: { accountId: string; by: Requester },
): Promise<{ revoked: number }> {
  const { accountId, by } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    if (!(await lockAccountRow(tx, accountId))) throw new Refusal('not_found')
    const reason = 'revoked_by_support'
    const revoked = await endSessionsOfAccount(tx, { accountId, reason, now })
    await recordEvent(tx, { type: 'session.ended', at: now, accountId, ...by, details: { reason, all: revoked } })
    return { revoked }
  })
}
