import type { Deps } from '../../deps.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import type { ServicePrincipal } from '../principals.ts'
import { isScope, type Scope, splitScopes } from '../scopes.ts'
import { type ClientCredentials, requireClient } from './authenticate-client.ts'
import { OAuthRefusal } from './oauth-refusal.ts'

/** The content of a service's access token. The route signs it. */
export interface ServiceGrant {
  readonly clientId: string
  readonly scopes: readonly Scope[]
  readonly now: Date
}

/**
 * Grants a service an access token for its client credentials (RFC 6749 section 4.4), with all scopes of the client or
 * with those that it requests. If it requests a scope that it does not have, the request is refused, so that the
 * mistake is noticed at once. The token is for this service, or for one of the resources in TOKEN_RESOURCES (RFC 8707).
 *
 * @throws {OAuthRefusal} invalid_client, invalid_scope, invalid_target
 */
export async function grantServiceToken(
  deps: Deps,
  input: { credentials: ClientCredentials; scope: string | undefined; resource: string | undefined; origin: Origin },
): Promise<ServiceGrant> {
  const { credentials, scope, resource, origin } = input
  const client = await requireClient(deps, { credentials }, origin)
  if (resource !== undefined && !deps.config.tokenResources.includes(resource)) throw new OAuthRefusal('invalid_target')
  const { clientId } = client
  const scopes = scope === undefined ? client.scopes : chooseScopes(client, scope)
  const now = deps.clock.now()
  const actor = { serviceClientId: clientId }
  const details = { clientId, scopes: scopes.join(' '), ...(resource === undefined ? {} : { resource }) }
  await recordEventWithoutChange(deps, { type: 'service_client.login', at: now, actor, origin, details })
  return { clientId, scopes, now }
}

function chooseScopes(client: ServicePrincipal, wanted: string): Scope[] {
  const requested = splitScopes(wanted)
  const granted = requested.filter(isScope).filter((scope) => client.scopes.includes(scope))
  if (granted.length === 0 || granted.length < requested.length) throw new OAuthRefusal('invalid_scope')
  return granted
}
