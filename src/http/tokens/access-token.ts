import { validate as isUuid, v7 as uuidv7 } from 'uuid'
import type { Deps } from '../../deps.ts'
import type { ServiceClaims, SessionClaims } from '../../domain/principals.ts'
import { splitScopes } from '../../domain/scopes.ts'
import type { ServiceGrant } from '../../domain/service-clients/grant-service-token.ts'
import type { SessionGrant } from '../../domain/sessions/session-grant.ts'
import { signToken, type TokenPayload, verifyToken } from './signed-token.ts'

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

/** `cv` is ours: the account's number, by which a credential change ends every token made before it. */
interface SessionTokenPayload extends AccessTokenPayload {
  readonly sid: string
  readonly auth_time: number
  readonly amr: readonly string[]
  readonly cv: number
}

/** The `client_id` of people signing in directly; service clients have ids of another form. */
export const FIRST_PARTY = 'latchkey'
const SCOPE = 'account'

/** Seconds that an access token is good for: no longer than its session, for whoever has only the JWKS to go by. */
export function accessTokenLifetime(deps: Deps, { expiresAt, now }: SessionGrant): number {
  const untilItsEnd = Math.max(1, Math.floor((expiresAt.getTime() - now.getTime()) / 1000))
  return Math.min(deps.config.lifetimes.accessToken, untilItsEnd)
}

/** Signs what a session's holder shows to this service and others. */
export async function signAccessToken(deps: Deps, grant: SessionGrant): Promise<string> {
  const payload: SessionTokenPayload = {
    ...commonClaims(deps, grant.now, accessTokenLifetime(deps, grant)),
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

/** Signs what a service shows in its own name: the subject is the client, and there is no session (RFC 9068 section 2.2). */
export async function signServiceToken(deps: Deps, grant: ServiceGrant): Promise<string> {
  const { clientId, scopes, now } = grant
  const payload: AccessTokenPayload = {
    ...commonClaims(deps, now, deps.config.lifetimes.accessToken),
    sub: clientId,
    client_id: clientId,
    scope: scopes.join(' '),
  }
  return signToken(deps, payload)
}

function commonClaims(deps: Deps, now: Date, lifetimeSeconds: number) {
  const { publicUrl } = deps.config
  const iat = Math.floor(now.getTime() / 1000)
  return { iss: publicUrl, aud: publicUrl, jti: uuidv7(), iat, exp: iat + lifetimeSeconds }
}

/** What a person's access token claims; null for anything else, a service's too. */
export async function verifyAccessToken(
  deps: Deps,
  token: string,
  options: { mayBeExpired: boolean } = { mayBeExpired: false },
): Promise<SessionClaims | null> {
  const payload = await verifyToken(deps, token, options)
  return payload && sessionClaims(payload)
}

/** What a service's access token claims; null for anything else, a person's too. */
export async function verifyServiceToken(deps: Deps, token: string): Promise<ServiceClaims | null> {
  const payload = await verifyToken(deps, token)
  return payload && serviceClaims(payload)
}

/** The two kinds exclude each other (RFC 8725 section 3.12): one has a session and our own `client_id`, the other neither. */
export function sessionClaims({ sub, sid, cv, client_id }: TokenPayload): SessionClaims | null {
  if (client_id !== FIRST_PARTY) return null
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof cv !== 'number') return null
  return { accountId: sub, sessionId: sid, credentialVersion: cv }
}

export function serviceClaims({ sub, sid, client_id, scope, jti, exp }: TokenPayload): ServiceClaims | null {
  if (sid !== undefined || typeof client_id !== 'string' || sub !== client_id || client_id === FIRST_PARTY) return null
  if (typeof scope !== 'string' || typeof jti !== 'string' || !isUuid(jti) || typeof exp !== 'number') return null
  return { clientId: client_id, scopes: splitScopes(scope), tokenId: jti, expiresAt: new Date(exp * 1000) }
}
