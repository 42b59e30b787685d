import { v7 as uuidv7 } from 'uuid'
import { rotateRefreshToken } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import type { Origin } from '../events/record-event.ts'
import { Refusal } from '../problems.ts'
import { networkOf } from '../throttle/network.ts'
import { endSessionAhead } from './end-session-ahead.ts'
import type { SessionGrant } from './session-grant.ts'

/**
 * Spends a refresh token for the next (RFC 9700 section 4.14.2). Its direct predecessor is taken once more within the
 * reuse window, while its successor has not been presented: an answer gets lost, two tabs wake at once. Anything older
 * is what a thief, or his victim, presents: the session ends, and that is committed although the answer is a 401.
 *
 * @throws {Refusal} refresh_token_invalid, refresh_token_reused
 */
export async function refreshSession(
  deps: Deps,
  input: { refreshToken: string; origin: Origin },
): Promise<SessionGrant> {
  const claim = readRefreshToken(input.refreshToken, deps.keys.refreshTokenKeys())
  if (!claim) throw new Refusal('refresh_token_invalid')
  const now = deps.clock.now()
  const session = await rotateRefreshToken(deps.pool, {
    ...claim,
    now,
    reuseWindowSeconds: deps.config.lifetimes.refreshReuseWindow,
    event: { id: uuidv7(), ...input.origin },
    network: deps.keys.keyedHash('network', networkOf(input.origin.ip)),
  })
  if (!session) {
    await endSessionAhead(deps, claim, input.origin)
    throw new Refusal('refresh_token_invalid')
  }
  if (session.wasReused) throw new Refusal('refresh_token_reused')
  return { ...session, sessionId: claim.sessionId, now }
}
