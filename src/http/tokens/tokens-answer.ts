import type { Deps } from '../../deps.ts'
import type { SessionGrant } from '../../domain/sessions/session-grant.ts'
import { deriveRefreshToken } from '../../security/refresh-token.ts'
import { accessTokenLifetime, signAccessToken } from './access-token.ts'

/** The *tokens* answer of sign-in, refresh and password change. */
export async function toTokens(deps: Deps, grant: SessionGrant) {
  const { sessionId, refreshCounter: counter, expiresAt, now } = grant
  return {
    accessToken: await signAccessToken(deps, grant),
    tokenType: 'Bearer' as const,
    expiresIn: accessTokenLifetime(deps, grant),
    refreshToken: deriveRefreshToken({ sessionId, counter }, deps.keys.refreshTokenKeys()[0]).reveal(),
    refreshExpiresIn: Math.floor((expiresAt.getTime() - now.getTime()) / 1000),
    sessionId,
  }
}
