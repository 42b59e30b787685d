import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import type { Origin } from '../events/record-event.ts'
import type { SessionClaims } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { endSessionOfToken, type SessionToken } from './end-session-of-token.ts'

/**
 * Ends the session that a refresh token of its, spent or not, or an access token names. Where it is over already, or
 * the token is none of ours, there is nothing left to do and the caller is told so.
 *
 * @throws {Refusal} unauthenticated, where an access token was ended by a credential change and its session lives on:
 * whoever is told 204 believes to be signed out.
 */
export async function logOut(
  deps: Deps,
  input: { refreshToken: string | undefined; claims: SessionClaims | null; origin: Origin },
): Promise<void> {
  const { refreshToken, claims, origin } = input
  const token: SessionToken | null =
    refreshToken === undefined ? claims : readRefreshToken(refreshToken, deps.keys.refreshTokenKeys())
  if (!token) return
  const now = deps.clock.now()
  const outcome = await inTransaction(deps.db, (tx) => endSessionOfToken(tx, { token, reason: 'logout', origin, now }))
  if (outcome === 'powerless' && refreshToken === undefined) throw new Refusal('unauthenticated')
}
