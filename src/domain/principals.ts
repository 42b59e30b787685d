import type { OwnAccount } from '../database/session-statements.ts'
import type { NormalizedAddress } from '../mail/email-address.ts'
import type { Scope } from './scopes.ts'

/** The holder of an account, as the access token of a request proves it. */
export interface Principal {
  readonly accountId: string
  readonly sessionId: string
  readonly address: NormalizedAddress
  readonly credentialVersion: number
  /** The account when the token was checked. A change has to read what it depends on again, under a row lock. */
  readonly account: OwnAccount
}

/** Another service, as its credentials or its access token prove it. */
export interface ServicePrincipal {
  readonly clientId: string
  readonly name: string
  /** What it may do with this request. */
  readonly scopes: readonly Scope[]
}

/** The claims of a person's access token: its session, and the account's credential version when it was issued. */
export interface SessionClaims {
  readonly sessionId: string
  readonly accountId: string
  readonly credentialVersion: number
}

/** The claims of a service's access token. */
export interface ServiceClaims {
  readonly clientId: string
  readonly scopes: readonly string[]
  /** The `jti`, by which this token alone can be revoked. */
  readonly tokenId: string
  readonly expiresAt: Date
}
