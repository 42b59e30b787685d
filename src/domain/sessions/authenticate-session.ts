import { readLiveSession } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

/**
 * Checks that the session of an access token is still open. The signature alone says what was true when the token was
 * issued, up to `ACCESS_TOKEN_TTL` seconds ago. On the service's own routes, a sign-out, a password change or the disabling
 * of the account takes effect at once.
 *
 * @throws {Refusal} unauthenticated
 */
export async function authenticateSession(
  deps: Deps,
  claims: { sessionId: string; accountId: string; credentialVersion: number },
): Promise<Principal> {
  const session = await readLiveSession(deps.pool, claims.sessionId, deps.clock.now())
  if (session?.account.id !== claims.accountId || session.credentialVersion !== claims.credentialVersion) {
    throw new Refusal('unauthenticated')
  }
  const { sessionId, credentialVersion, account } = session
  return { accountId: account.id, sessionId, credentialVersion, address: normalizedForm(account.email), account }
}
