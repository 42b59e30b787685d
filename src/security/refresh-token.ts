import { createHmac, timingSafeEqual } from 'node:crypto'
import { stringify as formatUuid, parse as parseUuid } from 'uuid'
import { Secret } from './secret.ts'

export interface RefreshTokenClaim {
  readonly sessionId: string
  /** The number of the token in its session. It is 1 at sign-in and grows by one at each use. */
  readonly counter: number
}

const PREFIX = 'lkr_'
const BODY_BYTES = 20
const TOKEN = /^lkr_[A-Za-z0-9_-]{70}$/

/**
 * Derives a refresh token: session id, counter and MAC. It is not stored. Therefore the successor of a token can be
 * returned again if the first response was lost, and a copy of the database does not contain any tokens.
 */
export function deriveRefreshToken(claim: RefreshTokenClaim, key: Buffer): Secret<'refresh-token'> {
  const body = Buffer.alloc(BODY_BYTES)
  body.set(parseUuid(claim.sessionId))
  body.writeUInt32BE(claim.counter, 16)
  return new Secret(PREFIX + Buffer.concat([body, mac(body, key)]).toString('base64url'))
}

/** Reads a refresh token that was made with one of the keys; null for any other text. */
export function readRefreshToken(presented: string, keys: readonly Buffer[]): RefreshTokenClaim | null {
  if (!TOKEN.test(presented)) return null
  const bytes = Buffer.from(presented.slice(PREFIX.length), 'base64url')
  // The last character has unused bits. Only one of the sixteen possible spellings is accepted.
  if (PREFIX + bytes.toString('base64url') !== presented) return null
  const body = bytes.subarray(0, BODY_BYTES)
  if (!keys.some((key) => timingSafeEqual(mac(body, key), bytes.subarray(BODY_BYTES)))) return null
  return { sessionId: formatUuid(body.subarray(0, 16)), counter: body.readUInt32BE(16) }
}

function mac(body: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update('latchkey refresh token').update(body).digest()
}
