import { newId } from '../../database/new-id.ts'
import { rotateRefreshToken } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import type { Origin } from '../events/record-event.ts'
import { Refusal } from '../problems.ts'
import { networkOf } from '../throttle/network.ts'
import { endSessionAhead } from './end-session-ahead.ts'
import type { SessionGrant } from './session-grant.ts'

/**
 * Consumes a refresh token and returns its successor (RFC 9700 section 4.14.2). The direct predecessor of the newest token is
 * accepted again within the reuse window, because an answer may be lost or two tabs may refresh at once. Any older token
 * suggests that the session was stolen: the session is revoked, and that is committed although the request fails.
 *
 * @throws {Refusal} refresh_token_invalid, refresh_token_reused
 */
export async function refreshSession(
  deps: Deps,
  { refreshToken, origin }: { refreshToken: string; origin: Origin },
): Promise<SessionGrant> {
  const claim = readRefreshToken(refreshToken, deps.keys.refreshTokenKeys())
  if (!claim) throw new Refusal('refresh_token_invalid')
  const now = deps.clock.now()
  const { sessionId, counter } = claim
  const session = await rotateRefreshToken(deps.pool, {
    sessionId,
    counter,
    now,
    reuseWindowSeconds: deps.config.lifetimes.refreshReuseWindow,
    eventId: newId(),
    origin,
    network: deps.keys.keyedHash('network', networkOf(origin.ip)),
  })
  if (!session) {
    await endSessionAhead(deps, claim, origin)
    throw new Refusal('refresh_token_invalid')
  }
  if (session.wasReused) throw new Refusal('refresh_token_reused')
  const { accountId, credentialVersion, authenticatedAt, expiresAt, refreshCounter } = session
  return { sessionId, accountId, credentialVersion, authenticatedAt, expiresAt, refreshCounter, now }
}
