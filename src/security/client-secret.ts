import { createHash, timingSafeEqual } from 'node:crypto'
import { type HashedToken, newOpaqueToken } from './opaque-token.ts'
import { Secret } from './secret.ts'

/** Lets a scanner for leaked secrets recognise one, and whoever finds it know whose it is. */
const PREFIX = 'lks_'
/** Compared with where there is no hash: finding none must not be quicker. */
const NOBODYS = '0'.repeat(64)

/** 256 random bits, shown once; with so much entropy a plain SHA-256 is a safe form at rest, and needs no bcrypt. */
export function newClientSecret(): { secret: Secret<'client-secret'>; hash: HashedToken } {
  const secret = PREFIX + newOpaqueToken().token.reveal()
  return { secret: new Secret(secret), hash: digest(secret) }
}

/** Whether it is one of the (at most two) secrets, in the same time whichever it is and whether there are any. */
export function matchesClientSecret(presented: string, hashes: readonly [string | null, string | null]): boolean {
  const actual = Buffer.from(digest(presented), 'hex')
  const [current, previous] = hashes.map(
    (hash) => timingSafeEqual(actual, Buffer.from(hash ?? NOBODYS, 'hex')) && hash !== null,
  )
  return current === true || previous === true
}

function digest(secret: string): HashedToken {
  return createHash('sha256').update(secret).digest('hex') as HashedToken
}
