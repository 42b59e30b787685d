import type { Deps } from '../../deps.ts'
import type { Introspection, TokenSubject } from '../../domain/tokens/introspect-token.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import { FIRST_PARTY, serviceClaims, sessionClaims } from './access-token.ts'
import { type TokenPayload, verifyToken } from './signed-token.ts'

export interface PresentedToken {
  readonly subject: TokenSubject
  /** The claims of an access token. */
  readonly payload: TokenPayload
}

/** Which of our tokens it is. `token_type_hint` is not needed: each kind has its own form (RFC 7662 section 2.1). */
export async function readToken(
  deps: Deps,
  token: string,
  options: { mayBeExpired: boolean } = { mayBeExpired: false },
): Promise<PresentedToken> {
  const refresh = readRefreshToken(token, deps.keys.refreshTokenKeys())
  if (refresh) return { subject: { kind: 'refresh', claims: refresh }, payload: {} }
  const payload = await verifyToken(deps, token, options)
  if (!payload) return { subject: null, payload: {} }
  return { subject: accessTokenSubject(payload), payload }
}

function accessTokenSubject(payload: TokenPayload): TokenSubject {
  const session = sessionClaims(payload)
  if (session) return { kind: 'session', claims: session }
  const service = serviceClaims(payload)
  return service && { kind: 'service', claims: service }
}

/**
 * The answer of RFC 7662 section 2.2. A refresh token has no `token_type`, `scope` or `aud`: a service that is shown one
 * as a bearer token, and checks any of these, does not take it for an access token.
 */
export function introspectionAnswer(deps: Deps, { payload, subject }: PresentedToken, result: Introspection) {
  if (!result) return { active: false }
  if (result.kind === 'refresh') {
    const { accountId, authenticatedAt, expiresAt } = result.session
    return {
      active: true,
      token_use: 'refresh_token',
      client_id: FIRST_PARTY,
      iss: deps.config.publicUrl,
      sub: accountId,
      ...(subject?.kind === 'refresh' ? { sid: subject.claims.sessionId } : {}),
      auth_time: Math.floor(authenticatedAt.getTime() / 1000),
      exp: Math.floor(expiresAt.getTime() / 1000),
    }
  }
  const scope = result.kind === 'service' ? { scope: result.scopes.join(' ') } : {}
  return { active: true, token_type: 'Bearer', token_use: 'access_token', ...payload, ...scope }
}
