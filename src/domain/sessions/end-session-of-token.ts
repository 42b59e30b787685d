import type { Transaction } from '../../database/client.ts'
import { type EventActor, type Origin, recordEvent } from '../events/record-event.ts'
import { endSessionsOfAccount } from './end-sessions-of-account.ts'

/** What a token says of its session: a refresh token its number, an access token the account's number of then. */
export type SessionToken =
  | { readonly sessionId: string; readonly counter: number }
  | { readonly sessionId: string; readonly credentialVersion: number }

/**
 * Ends the session a token is of, and records it. A spent refresh token and an access token that is too old do: their
 * holder wants to be signed out. One that a credential change has ended does not: the session went on without it, and
 * whoever still has it may be why.
 *
 * @returns whether the session is over now, or has no power over this session.
 */
export async function endSessionOfToken(
  tx: Transaction,
  input: { token: SessionToken; reason: 'logout' | 'revoked'; actor?: EventActor; origin: Origin; now: Date },
): Promise<'over' | 'powerless'> {
  const { token, reason, actor = 'account', origin, now } = input
  const { sessionId } = token
  const session = await tx.session.findUnique({
    where: { id: sessionId },
    select: { accountId: true, credentialVersion: true, refreshFloor: true },
  })
  if (!session) return 'over'
  const { accountId, credentialVersion, refreshFloor } = session
  const isDead = 'counter' in token ? token.counter < refreshFloor : token.credentialVersion !== credentialVersion
  if (isDead) return 'powerless'
  if ((await endSessionsOfAccount(tx, { accountId, only: sessionId, reason, now })) > 0) {
    const details = { reason }
    await recordEvent(tx, { type: 'session.ended', at: now, accountId, sessionId, actor, origin, details })
  }
  return 'over'
}
