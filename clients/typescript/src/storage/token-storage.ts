/** The tokens of a session, as a storage keeps them. */
export interface StoredTokens {
  readonly sessionId: string
  readonly accessToken: string
  /** From this time on, the access token is refreshed before it is used. */
  readonly refreshAt: string
  readonly refreshToken: string
  readonly sessionExpiresAt: string
}

/** Why nobody is signed in. */
export type SignedOutReason =
  | 'no_session'
  | 'signed_out'
  | 'signed_out_in_another_tab'
  | 'session_expired'
  | 'session_revoked'
  | 'refresh_token_reused'

/** Where a client keeps the tokens. The first three methods are enough; each may return a promise. */
export interface TokenStorage {
  load(): StoredTokens | null | undefined | Promise<StoredTokens | null | undefined>
  save(tokens: StoredTokens): unknown
  /** Forgets the tokens. `reason` is for other clients that share the storage. */
  clear(reason: SignedOutReason): unknown
  /** Runs one task at a time among all clients that share the storage. Without it, one at a time in this client. */
  exclusively?<Result>(task: () => Promise<Result>): Promise<Result>
  /**
   * Calls the listener when another client has changed the storage; with a reason, if it has cleared it. Returns a function
   * that stops this.
   */
  listen?(listener: (reason?: SignedOutReason) => void): () => void
}
