import { readLiveSession } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

/**
 * Checks that the session an access token names still stands. A signature alone says what was true up to five minutes
 * ago; on our own routes a logout, a password change or a disabling counts at once.
 *
 * @throws {Refusal} unauthenticated
 */
export async function authenticateSession(
  deps: Deps,
  claims: { sessionId: string; accountId: string; credentialVersion: number },
): Promise<Principal> {
  const session = await readLiveSession(deps.pool, claims.sessionId, deps.clock.now())
  if (session?.accountId !== claims.accountId || session.credentialVersion !== claims.credentialVersion) {
    throw new Refusal('unauthenticated')
  }
  return { ...session, address: normalizedForm(session.email) }
}
