import type { Deps } from '../../deps.ts'
import { type ClientCredentials, requireClient } from './authenticate-client.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { isScope, type Scope, splitScopes } from './scopes.ts'

/** What a service's access token is made from; the route signs it. */
export interface ServiceGrant {
  readonly clientId: string
  readonly scopes: readonly Scope[]
  readonly now: Date
}

/**
 * The client credentials grant (RFC 6749 section 4.4): all of the client's scopes, or those it asks for. Asking for
 * one it does not have is refused rather than trimmed, so that a mistake shows where it is made.
 *
 * @throws {OAuthRefusal} invalid_client, invalid_scope
 */
export async function grantServiceToken(
  deps: Deps,
  input: { credentials: ClientCredentials; scope: string | undefined },
): Promise<ServiceGrant> {
  const { clientId, scopes } = await requireClient(deps, { credentials: input.credentials })
  const now = deps.clock.now()
  if (input.scope === undefined) return { clientId, scopes, now }
  const asked = splitScopes(input.scope)
  const granted = asked.filter(isScope).filter((scope) => scopes.includes(scope))
  if (granted.length === 0 || granted.length < asked.length) throw new OAuthRefusal('invalid_scope')
  return { clientId, scopes: granted, now }
}
