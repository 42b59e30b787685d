/** The data for the tokens of a session. The route signs the access token and derives the refresh token. */
export interface SessionGrant {
  readonly sessionId: string
  readonly accountId: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  readonly refreshCounter: number
  readonly now: Date
}
