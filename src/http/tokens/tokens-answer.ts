import type { Deps } from '../../deps.ts'
import type { SessionGrant } from '../../domain/sessions/session-grant.ts'
import { deriveRefreshToken } from '../../security/refresh-token.ts'
import { accessTokenLifetimeSeconds, signAccessToken } from './access-token.ts'

/** Builds the *tokens* answer of sign-in, refresh and password change. The access token is for `resource`, where one is given. */
export function toTokens(deps: Deps, grant: SessionGrant, resource?: string) {
  const { sessionId, refreshCounter: counter, expiresAt, now } = grant
  return {
    accessToken: signAccessToken(deps, grant, resource),
    tokenType: 'Bearer' as const,
    expiresIn: accessTokenLifetimeSeconds(deps, grant),
    refreshToken: deriveRefreshToken({ sessionId, counter }, deps.keys.refreshTokenKeys()[0]).reveal(),
    refreshExpiresIn: Math.floor((expiresAt.getTime() - now.getTime()) / 1000),
    sessionId,
  }
}
