import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import { type Origin, recordEvent } from '../events.ts'
import { endSessions } from './end-sessions.ts'

/**
 * Ends the session that a refresh token of its, spent or not, or an access token names. Where it is over already, or
 * the token is none of ours, there is nothing left to do and the caller is told so.
 */
export async function logOut(
  deps: Deps,
  input: { refreshToken: string | undefined; sessionId: string | undefined; origin: Origin },
): Promise<void> {
  const { refreshToken, origin } = input
  const claimed = refreshToken === undefined ? undefined : readRefreshToken(refreshToken, deps.keys.refreshTokenKeys())
  const sessionId = refreshToken === undefined ? input.sessionId : claimed?.sessionId
  if (sessionId === undefined) return
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const session = await tx.session.findUnique({ where: { id: sessionId }, select: { accountId: true } })
    if (!session) return
    const { accountId } = session
    const ended = await endSessions(tx, { accountId, only: sessionId, reason: 'logout', now })
    if (ended > 0) {
      await recordEvent(tx, {
        type: 'session.ended',
        at: now,
        accountId,
        sessionId,
        origin,
        details: { reason: 'logout' },
      })
    }
  })
}
