/** What a session's tokens are made from; the route signs and derives them. */
export interface SessionGrant {
  readonly sessionId: string
  readonly accountId: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  readonly refreshCounter: number
  readonly now: Date
}
