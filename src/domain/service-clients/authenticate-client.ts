import { readLiveClient } from '../../database/client-statements.ts'
import type { Deps } from '../../deps.ts'
import { matchesClientSecret } from '../../security/client-secret.ts'
import type { Secret } from '../../security/secret.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import { isScope, type Scope } from './scopes.ts'

/** Another service, as its credentials or its access token prove it. */
export interface ServicePrincipal {
  readonly clientId: string
  readonly name: string
  /** What it may do here and now. */
  readonly scopes: readonly Scope[]
}

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: Secret<'client-secret'>
}

/**
 * Proves a service client by its secret: the current one, or during a rotation the one before. A client that is
 * unknown or disabled is refused after the same work, in the same words, as a wrong secret.
 *
 * @throws {OAuthRefusal} invalid_client
 */
export async function authenticateClient(deps: Deps, credentials: ClientCredentials): Promise<ServicePrincipal> {
  const client = await readLiveClient(deps.pool, credentials.clientId)
  const { previousSecretHash = null, previousSecretExpiresAt = null } = client ?? {}
  const mayStillUsePrevious = previousSecretExpiresAt !== null && previousSecretExpiresAt > deps.clock.now()
  const isRight = matchesClientSecret(credentials.clientSecret.reveal(), [
    client?.secretHash ?? null,
    mayStillUsePrevious ? previousSecretHash : null,
  ])
  if (!client || !isRight) throw new OAuthRefusal('invalid_client')
  return { clientId: client.clientId, name: client.name, scopes: client.scopes.filter(isScope) }
}
