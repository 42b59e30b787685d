import type { Deps } from '../../deps.ts'
import type { Introspection, TokenSubject } from '../../domain/tokens/introspect-token.ts'
import { readRefreshToken } from '../../security/refresh-token.ts'
import { FIRST_PARTY, readAccessToken } from './access-token.ts'
import type { TokenPayload } from './signed-token.ts'

export interface PresentedToken {
  readonly subject: TokenSubject
  /** The claims of an access token. It is empty for other tokens. */
  readonly payload: TokenPayload
}

/**
 * Reads a token that a service presents for introspection or revocation, whatever resource it was issued for. The
 * `token_type_hint` is not needed, because each kind of token has a different form (RFC 7662 section 2.1).
 */
export async function readPresentedToken(
  deps: Deps,
  token: string,
  { mayBeExpired = false }: { mayBeExpired?: boolean } = {},
): Promise<PresentedToken> {
  const refresh = readRefreshToken(token, deps.keys.refreshTokenKeys())
  if (refresh) return { subject: { kind: 'refresh', claims: refresh }, payload: {} }
  const accessToken = await readAccessToken(deps, token, { mayBeExpired, forAnyResource: true })
  return { subject: accessToken, payload: accessToken?.payload ?? {} }
}

/**
 * Builds the answer of RFC 7662 section 2.2. A refresh token has no `token_type`, `scope` or `aud`, so that a service which
 * checks any of these does not take it for an access token.
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
