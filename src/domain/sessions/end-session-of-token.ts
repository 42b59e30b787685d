import type { Transaction } from '../../database/client.ts'
import { type EventActor, type Origin, recordEvent } from '../events/record-event.ts'
import { endSessionsOfAccount } from './end-sessions-of-account.ts'

/** The session of a token, with the number of a refresh token or the credential version of an access token. */
export type SessionToken =
  | { readonly sessionId: string; readonly counter: number }
  | { readonly sessionId: string; readonly credentialVersion: number }

/**
 * Ends the session that a token belongs to, and records that. A consumed refresh token or an expired access token is
 * enough. A token that a credential change has made invalid is not: the session continued without it, and its holder
 * may be the reason for the change.
 *
 * @returns whether the session has ended, now or before; false if the token cannot end it.
 */
export async function endSessionOfToken(
  tx: Transaction,
  input: { token: SessionToken; reason: 'logout' | 'revoked'; actor?: EventActor; origin: Origin; now: Date },
): Promise<boolean> {
  const { token, reason, actor = 'account', origin, now } = input
  const { sessionId } = token
  const session = await tx.session.findUnique({
    where: { id: sessionId },
    select: { accountId: true, credentialVersion: true, refreshFloor: true },
  })
  if (!session) return true
  const { accountId, credentialVersion, refreshFloor } = session
  const isInvalidated =
    'counter' in token ? token.counter < refreshFloor : token.credentialVersion !== credentialVersion
  if (isInvalidated) return false
  if ((await endSessionsOfAccount(tx, { accountId, only: sessionId, reason, now })) > 0) {
    const details = { reason }
    await recordEvent(tx, { type: 'session.ended', at: now, accountId, sessionId, actor, origin, details })
  }
  return true
}
