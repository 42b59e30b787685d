import { createHash, randomBytes } from 'node:crypto'
import { Secret } from './secret.ts'

/** The hash of a token, as the database stores it. It identifies the token but does not reveal it. */
export type HashedToken = string & { readonly __brand: 'HashedToken' }

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** Creates a token of 256 random bits. With so much entropy, its SHA-256 hash can be stored safely (ASVS 5.0 6.5.2). */
export function newOpaqueToken(): { token: Secret<'token'>; hash: HashedToken } {
  const token = randomBytes(32).toString('base64url')
  return { token: new Secret(token), hash: digest(token) }
}

/**
 * Hashes a presented token; null if the text does not have the form of a token, so that no other text reaches the
 * database.
 */
export function hashOpaqueToken(presented: string): HashedToken | null {
  return TOKEN.test(presented) ? digest(presented) : null
}

function digest(token: string): HashedToken {
  return createHash('sha256').update(token).digest('hex') as HashedToken
}
