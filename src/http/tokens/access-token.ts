import type { FastifyRequest } from 'fastify'
import { validate as isUuid } from 'uuid'
import { newId } from '../../database/new-id.ts'
import type { Deps } from '../../deps.ts'
import type { ServiceClaims, SessionClaims } from '../../domain/principals.ts'
import { splitScopes } from '../../domain/scopes.ts'
import type { ServiceGrant } from '../../domain/service-clients/grant-service-token.ts'
import type { SessionGrant } from '../../domain/sessions/session-grant.ts'
import { type Acceptance, signToken, type TokenPayload, verifyToken } from './signed-token.ts'

/** RFC 9068, section 2.2. */
interface AccessTokenPayload {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly client_id: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly scope: string
}

/** `cv` is not a registered claim: it is the account's credential version, by which a credential change revokes older tokens. */
interface SessionTokenPayload extends AccessTokenPayload {
  readonly sid: string
  readonly auth_time: number
  readonly amr: readonly string[]
  readonly cv: number
}

/** An access token whose signature, issuer, audience and times have been checked, and whom it was issued to. */
export type AccessToken = (
  | { readonly kind: 'session'; readonly claims: SessionClaims }
  | { readonly kind: 'service'; readonly claims: ServiceClaims }
) & { readonly payload: TokenPayload }

/** The `client_id` in the tokens of people, who sign in directly. The ids of service clients have another form. */
export const FIRST_PARTY = 'latchkey'
const SCOPE = 'account'

/**
 * How long an access token is valid, in seconds. It never outlives its session, because services that verify tokens by the
 * JWKS alone do not learn that the session has expired.
 */
export function accessTokenLifetimeSeconds(deps: Deps, { expiresAt, now }: SessionGrant): number {
  const untilSessionExpires = Math.max(1, Math.floor((expiresAt.getTime() - now.getTime()) / 1000))
  return Math.min(deps.config.lifetimes.accessToken, untilSessionExpires)
}

/** Signs the access token of a session, for this service or for the given resource (RFC 8707). */
export function signAccessToken(deps: Deps, grant: SessionGrant, resource?: string): string {
  const { publicUrl } = deps.config
  const iat = Math.floor(grant.now.getTime() / 1000)
  const payload: SessionTokenPayload = {
    iss: publicUrl,
    aud: resource ?? publicUrl,
    jti: newId(),
    iat,
    exp: iat + accessTokenLifetimeSeconds(deps, grant),
    sub: grant.accountId,
    sid: grant.sessionId,
    auth_time: Math.floor(grant.authenticatedAt.getTime() / 1000),
    amr: ['pwd'],
    client_id: FIRST_PARTY,
    scope: SCOPE,
    cv: grant.credentialVersion,
  }
  return signToken(deps, payload)
}

/**
 * Signs the access token of a service, for this service or for the given resource (RFC 8707). The subject is the service
 * client (RFC 9068 section 2.2).
 */
export function signServiceToken(deps: Deps, grant: ServiceGrant, resource?: string): string {
  const { clientId, scopes, now } = grant
  const { publicUrl, lifetimes } = deps.config
  const iat = Math.floor(now.getTime() / 1000)
  const payload: AccessTokenPayload = {
    iss: publicUrl,
    aud: resource ?? publicUrl,
    jti: newId(),
    iat,
    exp: iat + lifetimes.accessToken,
    sub: clientId,
    client_id: clientId,
    scope: scopes.join(' '),
  }
  return signToken(deps, payload)
}

/** Reads an access token of this service. The answer is null for any other text, and for a token that is not acceptable. */
export async function readAccessToken(
  deps: Deps,
  token: string,
  acceptance: Acceptance = {},
): Promise<AccessToken | null> {
  const payload = await verifyToken(deps, token, acceptance)
  if (payload === null) return null
  const session = sessionClaims(payload)
  if (session) return { kind: 'session', claims: session, payload }
  const service = serviceClaims(payload)
  return service && { kind: 'service', claims: service, payload }
}

/** Reads the access token in the Authorization header. The answer is null also where there is none. */
export async function readBearerToken(
  deps: Deps,
  request: FastifyRequest,
  acceptance: Acceptance = {},
): Promise<AccessToken | null> {
  // RFC 6750 section 2.1
  const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(request.headers.authorization ?? '') ?? []
  return token === undefined ? null : readAccessToken(deps, token, acceptance)
}

// No token is of both kinds (RFC 8725 section 3.12): only a person's has a session and the client id `latchkey`.

function sessionClaims({ sub, sid, cv, client_id }: TokenPayload): SessionClaims | null {
  if (client_id !== FIRST_PARTY) return null
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof cv !== 'number') return null
  return { accountId: sub, sessionId: sid, credentialVersion: cv }
}

function serviceClaims({ sub, sid, client_id, scope, jti, exp }: TokenPayload): ServiceClaims | null {
  if (sid !== undefined || typeof client_id !== 'string' || sub !== client_id || client_id === FIRST_PARTY) return null
  if (typeof scope !== 'string' || typeof jti !== 'string' || !isUuid(jti) || typeof exp !== 'number') return null
  return { clientId: client_id, scopes: splitScopes(scope), tokenId: jti, expiresAt: new Date(exp * 1000) }
}
