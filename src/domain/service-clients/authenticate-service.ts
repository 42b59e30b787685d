import { readLiveClient } from '../../database/client-statements.ts'
import type { Deps } from '../../deps.ts'
import type { ServicePrincipal } from './authenticate-client.ts'
import { isScope } from './scopes.ts'

/**
 * Checks that the client a service token names still stands. It may do what the token was made for and the client is
 * still allowed: disabling a client or taking a scope away counts at once, not when the token expires.
 *
 * @returns null where the client is gone or disabled.
 */
export async function authenticateService(
  deps: Deps,
  claims: { clientId: string; scopes: readonly string[] },
): Promise<ServicePrincipal | null> {
  const client = await readLiveClient(deps.pool, claims.clientId)
  if (!client) return null
  const { clientId, name } = client
  return { clientId, name, scopes: client.scopes.filter(isScope).filter((scope) => claims.scopes.includes(scope)) }
}
