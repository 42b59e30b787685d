import { validate as isUuid } from 'uuid'
import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { endSessionsOfAccount } from './end-sessions-of-account.ts'

/**
 * Revokes one of the account's sessions.
 *
 * @throws {Refusal} not_found, also for a session of another account, so that its id cannot be told from an invented
 *   one.
 */
export async function revokeSession(
  deps: Deps,
  input: { principal: Principal; sessionId: string; origin: Origin },
): Promise<void> {
  const { principal, sessionId, origin } = input
  if (!isUuid(sessionId)) throw new Refusal('not_found')
  const { accountId } = principal
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const ended = await endSessionsOfAccount(tx, { accountId, only: sessionId, reason: 'revoked', now })
    if (ended === 0) throw new Refusal('not_found')
    await recordEvent(tx, {
      type: 'session.ended',
      at: now,
      accountId,
      sessionId,
      origin,
      details: { reason: 'revoked' },
    })
  })
}

/**
 * Revokes every session of the account except this one. A pending email change that another session requested ends too,
 * even if that session has signed out since. Otherwise the owner could not stop the change that a thief requested.
 *
 * @returns how many sessions were revoked.
 */
export async function revokeOtherSessions(
  deps: Deps,
  input: { principal: Principal; origin: Origin },
): Promise<number> {
  const { accountId, sessionId } = input.principal
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const revoked = await endSessionsOfAccount(tx, { accountId, except: sessionId, reason: 'revoked', now })
    if (revoked === 0) return 0 // not recorded: repeated requests must not fill the audit trail
    const details = { reason: 'revoked', others: revoked }
    await recordEvent(tx, { type: 'session.ended', at: now, accountId, sessionId, origin: input.origin, details })
    return revoked
  })
}
