import { createHmac, timingSafeEqual } from 'node:crypto'
import { stringify as formatUuid, parse as parseUuid } from 'uuid'
import { Secret } from './secret.ts'

export interface RefreshTokenClaim {
  readonly sessionId: string
  /** The token's place in its session: 1 at sign-in, one more at each use. */
  readonly counter: number
}

const PREFIX = 'lkr_'
const BODY_BYTES = 20
const TOKEN = /^lkr_[A-Za-z0-9_-]{70}$/

/**
 * Session id, counter and MAC. Derived rather than stored, so that the successor of a token whose answer was lost can
 * be given again, and a database dump holds nothing that could be turned into one.
 */
export function deriveRefreshToken(claim: RefreshTokenClaim, key: Buffer): Secret<'refresh-token'> {
  const body = Buffer.alloc(BODY_BYTES)
  body.set(parseUuid(claim.sessionId))
  body.writeUInt32BE(claim.counter, 16)
  return new Secret(PREFIX + Buffer.concat([body, mac(body, key)]).toString('base64url'))
}

/** What the token claims, if one of the keys made it; null for anything else, however malformed. */
export function readRefreshToken(presented: string, keys: readonly Buffer[]): RefreshTokenClaim | null {
  if (!TOKEN.test(presented)) return null
  const bytes = Buffer.from(presented.slice(PREFIX.length), 'base64url')
  // The last character carries unused bits: accept one spelling of a token, not sixteen.
  if (PREFIX + bytes.toString('base64url') !== presented) return null
  const body = bytes.subarray(0, BODY_BYTES)
  if (!keys.some((key) => timingSafeEqual(mac(body, key), bytes.subarray(BODY_BYTES)))) return null
  return { sessionId: formatUuid(body.subarray(0, 16)), counter: body.readUInt32BE(16) }
}

function mac(body: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update('latchkey refresh token').update(body).digest()
}
