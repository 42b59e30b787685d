import { createHash, randomBytes } from 'node:crypto'
import { Secret } from './secret.ts'

/** What the database keeps of a token: enough to recognise it, nothing to make it from. */
export type HashedToken = string & { readonly __brand: 'HashedToken' }

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** 256 random bits: with so much entropy a plain SHA-256 is a safe form at rest (ASVS 5.0 6.5.2). */
export function newOpaqueToken(): { token: Secret<'token'>; hash: HashedToken } {
  const token = randomBytes(32).toString('base64url')
  return { token: new Secret(token), hash: digest(token) }
}

/** Null where the text cannot be a token of ours, so that nothing else reaches the database. */
export function hashOpaqueToken(presented: string): HashedToken | null {
  return TOKEN.test(presented) ? digest(presented) : null
}

function digest(token: string): HashedToken {
  return createHash('sha256').update(token).digest('hex') as HashedToken
}
