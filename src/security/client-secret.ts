import { hash, timingSafeEqual } from 'node:crypto'
import { type HashedToken, newOpaqueToken } from './opaque-token.ts'
import { Secret } from './secret.ts'

/** The prefix lets a scanner for leaked secrets recognise a client secret, and shows which product it belongs to. */
const PREFIX = 'lks_'
/** Used in a comparison if there is no hash, so that the comparison takes the same time. */
const NOBODYS = '0'.repeat(64)

/**
 * Creates a secret of 256 random bits. With so much entropy, its SHA-256 hash can be stored safely, and bcrypt is not
 * needed.
 */
export function newClientSecret(): { secret: Secret<'client-secret'>; hash: HashedToken } {
  const secret = PREFIX + newOpaqueToken().token.reveal()
  return { secret: new Secret(secret), hash: digest(secret) }
}

/**
 * Whether the secret matches one of at most two hashes. It takes the same time for every result, and if there are no
 * hashes.
 */
export function matchesClientSecret(presented: string, hashes: readonly [string | null, string | null]): boolean {
  const actual = Buffer.from(digest(presented), 'hex')
  const [current, previous] = hashes.map(
    (known) => timingSafeEqual(actual, Buffer.from(known ?? NOBODYS, 'hex')) && known !== null,
  )
  return current === true || previous === true
}

function digest(secret: string): HashedToken {
  return hash('sha256', secret, 'hex') as HashedToken
}
