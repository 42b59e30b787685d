import { type LiveClient, readLiveClient } from '../../database/client-statements.ts'
import type { Deps } from '../../deps.ts'
import { matchesClientSecret } from '../../security/client-secret.ts'
import type { Secret } from '../../security/secret.ts'
import type { Origin } from '../events/record-event.ts'
import { recordRepeatedFailure } from '../events/record-repeated-failure.ts'
import type { ServiceClaims, ServicePrincipal } from '../principals.ts'
import { isScope } from '../scopes.ts'
import { networkOf } from '../throttle/network.ts'
import { isClientId } from './client-id.ts'
import { OAuthRefusal } from './oauth-refusal.ts'

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: Secret<'client-secret'>
}

/** How a service client proves its identity: by its secret, or by an access token whose signature has been checked. */
export type ClientProof =
  | { readonly credentials: ClientCredentials; readonly claims?: never }
  | { readonly claims: ServiceClaims; readonly credentials?: never }

/**
 * Authenticates a service client. It takes effect at once that a client is disabled, its token revoked or its scope
 * removed.
 *
 * @returns null if the proof is not valid.
 */
export async function authenticateClient(deps: Deps, proof: ClientProof): Promise<ServicePrincipal | null> {
  return judgeProof(proof, await readLiveClient(deps.pool, callerOf(proof)), deps.clock.now())
}

/** @throws {OAuthRefusal} invalid_client, invalid_token */
export async function requireClient(deps: Deps, proof: ClientProof, origin: Origin): Promise<ServicePrincipal> {
  const client = await authenticateClient(deps, proof)
  if (!client) throw await refuseClient(deps, proof, origin)
  return client
}

/**
 * Records wrong credentials in the audit trail, so that guessing is visible there. It records one event per minute,
 * client and network, with the number of failures. An id is recorded only if it has the form of one, because it may be
 * a secret in the wrong field.
 */
export async function refuseClient(deps: Deps, { credentials }: ClientProof, origin: Origin): Promise<OAuthRefusal> {
  if (!credentials) return new OAuthRefusal('invalid_token')
  const { clientId } = credentials
  const details = { clientId: isClientId(clientId) ? clientId : null }
  const at = deps.clock.now()
  await recordRepeatedFailure(deps, ['service_client.login', details.clientId, networkOf(origin.ip)], {
    type: 'service_client.login',
    outcome: 'failure',
    at,
    actor: 'anonymous',
    origin,
    details,
  })
  return new OAuthRefusal('invalid_client')
}

/** The keys by which the database finds the caller. */
export function callerOf({ credentials, claims }: ClientProof): { clientId: string; tokenId: string | null } {
  return credentials ? { clientId: credentials.clientId, tokenId: null } : claims
}

/**
 * Compares a proof with the client's row. An unknown or disabled client is refused after the same work and with the
 * same error as a wrong secret. During the overlap of a rotation the previous secret is valid as well.
 */
export function judgeProof(proof: ClientProof, client: LiveClient | null, now: Date): ServicePrincipal | null {
  const { credentials, claims } = proof
  const isRight =
    credentials === undefined || matchesClientSecret(credentials.clientSecret.reveal(), liveHashes(client, now))
  if (!client || !isRight) return null
  const { clientId, name } = client
  const scopes = client.scopes.filter(isScope)
  return { clientId, name, scopes: claims ? scopes.filter((scope) => claims.scopes.includes(scope)) : scopes }
}

function liveHashes(client: LiveClient | null, now: Date): [current: string | null, previous: string | null] {
  if (!client) return [null, null]
  const { secretHash, previousSecretHash, previousSecretExpiresAt } = client
  const isInOverlap = previousSecretExpiresAt !== null && previousSecretExpiresAt > now
  return [secretHash, isInOverlap ? previousSecretHash : null]
}
