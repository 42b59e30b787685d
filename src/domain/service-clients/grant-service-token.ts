import type { Deps } from '../../deps.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import type { ServicePrincipal } from '../principals.ts'
import { isScope, type Scope, splitScopes } from '../scopes.ts'
import { type ClientCredentials, requireClient } from './authenticate-client.ts'
import { OAuthRefusal } from './oauth-refusal.ts'

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
  input: { credentials: ClientCredentials; scope: string | undefined; origin: Origin },
): Promise<ServiceGrant> {
  const { credentials, scope, origin } = input
  const client = await requireClient(deps, { credentials }, origin)
  const { clientId } = client
  const scopes = scope === undefined ? client.scopes : chooseScopes(client, scope)
  const now = deps.clock.now()
  const actor = { serviceClientId: clientId }
  const details = { clientId, scopes: scopes.join(' ') }
  await recordEventWithoutChange(deps, { type: 'service_client.login', at: now, actor, origin, details })
  return { clientId, scopes, now }
}

function chooseScopes(client: ServicePrincipal, wanted: string): Scope[] {
  const asked = splitScopes(wanted)
  const granted = asked.filter(isScope).filter((scope) => client.scopes.includes(scope))
  if (granted.length === 0 || granted.length < asked.length) throw new OAuthRefusal('invalid_scope')
  return granted
}
