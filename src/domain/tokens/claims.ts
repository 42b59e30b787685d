/** What a person's access token says: the session it speaks for, and the account's number when it was made. */
export interface SessionClaims {
  readonly sessionId: string
  readonly accountId: string
  readonly credentialVersion: number
}

/** What a service's access token says. */
export interface ServiceClaims {
  readonly clientId: string
  readonly scopes: readonly string[]
  /** The `jti`, by which it alone can be revoked. */
  readonly tokenId: string
  readonly expiresAt: Date
}
