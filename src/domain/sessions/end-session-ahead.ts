import { inTransaction } from '../../database/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { RefreshTokenClaim } from '../../security/refresh-token.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { endSessionsOfAccount } from './end-sessions-of-account.ts'

/**
 * Ends a session whose refresh token has a valid MAC and a counter that the session has not reached. This service never
 * issued that token: either the refresh token key has leaked, or the database was restored from a backup. Without this,
 * an attacker with the key could try counters from above until one is accepted.
 *
 * Does nothing for any other token that was refused.
 */
export async function endSessionAhead(deps: Deps, claim: RefreshTokenClaim, origin: Origin): Promise<void> {
  const { sessionId, counter } = claim
  const found = await deps.db.session.findUnique({ where: { id: sessionId } })
  if (!found || counter <= found.refreshCounter) return
  const { accountId, refreshCounter } = found
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    await lockAccountRow(tx, accountId)
    const ended = await endSessionsOfAccount(tx, { accountId, only: sessionId, reason: 'refresh_counter_ahead', now })
    if (ended === 0) return
    const details = { presented: counter, expected: refreshCounter }
    await recordEvent(tx, {
      type: 'session.refresh_counter_ahead',
      outcome: 'failure',
      at: now,
      accountId,
      sessionId,
      actor: 'anonymous',
      origin,
      details,
    })
  })
}
