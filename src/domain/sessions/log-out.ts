import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import type { Origin } from '../events/record-event.ts'
import type { SessionClaims } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { endSessionOfToken, type SessionToken } from './end-session-of-token.ts'

/**
 * Ends the session that a refresh token or an access token names. The refresh token may be consumed, and the access token
 * may be expired: their holder wants to sign out. The access token is used only if there is no valid refresh token.
 *
 * Returns only if the named session has ended, now or before: the caller tells the person that they are signed out.
 *
 * @throws {Refusal} unauthenticated if no token names a session that this has ended or that had ended before. A token that a
 *   credential change has made invalid cannot end the session that continued without it.
 */
export async function logOut(
  deps: Deps,
  input: { refreshToken: string | undefined; claims: SessionClaims | null; origin: Origin },
): Promise<void> {
  const { refreshToken, claims, origin } = input
  const refreshClaims = refreshToken === undefined ? null : readRefreshToken(refreshToken, deps.keys.refreshTokenKeys())
  const hasEnded = (await endSession(refreshClaims)) || (await endSession(claims))
  if (!hasEnded) throw new Refusal('unauthenticated')

  async function endSession(token: SessionToken | null): Promise<boolean> {
    if (token === null) return false
    const now = deps.clock.now()
    return inTransaction(deps.db, (tx) => endSessionOfToken(tx, { token, reason: 'logout', origin, now }))
  }
}
