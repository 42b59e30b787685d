import type { Deps } from '../../deps.ts'
import { CLOCK_LEEWAY_SECONDS } from '../../keys/key-lifetimes.ts'
import { jwtOf } from './key-jwt.ts'

const COMPACT_FORM = /^([A-Za-z0-9_-]{1,512})\.[A-Za-z0-9_-]{1,2048}\.([A-Za-z0-9_-]{86})$/

export type TokenPayload = Readonly<Record<string, unknown>>

/** Signs claims with the current key, as an access token (RFC 9068: its own type, so that no other JWT passes for one). */
export async function signToken(deps: Deps, payload: object): Promise<string> {
  const jwt = await jwtOf(deps.keys.signingKey())
  return jwt.sign(payload)
}

/**
 * What a token says, if it is an access token of ours and its time has come and not gone; null for everything else.
 * Stricter than the library (RFC 8725): one spelling, our keys by `kid` and never from the header, the key's own
 * algorithm, the type, issuer and audience, no critical extension.
 */
export async function verifyToken(
  deps: Deps,
  token: string,
  options: { mayBeExpired: boolean } = { mayBeExpired: false },
): Promise<TokenPayload | null> {
  const payload = await verifySignature(deps, token)
  return payload && isForUs(payload, deps) && isInTime(payload, deps.clock.now(), options) ? payload : null
}

async function verifySignature(deps: Deps, token: string): Promise<TokenPayload | null> {
  const [, header = '', signature = ''] = COMPACT_FORM.exec(token) ?? []
  // The last character of a signature carries unused bits: one spelling only.
  if (signature === '' || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return null
  const { alg, typ, kid, crit } = readHeader(header)
  if (typeof kid !== 'string' || typ !== 'at+jwt' || crit !== undefined) return null
  const key = await deps.keys.verificationKey(kid)
  if (!key || alg !== key.algorithm) return null
  const jwt = await jwtOf(key)
  try {
    return jwt.verify<TokenPayload>(token)
  } catch {
    return null // whatever the library calls it, it is not a token of ours
  }
}

/** Nothing where it is not an object: only a header that names a key of ours is looked at any further. */
function readHeader(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString())
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function isForUs(payload: TokenPayload, deps: Deps): boolean {
  return payload['iss'] === deps.config.publicUrl && payload['aud'] === deps.config.publicUrl
}

function isInTime(payload: TokenPayload, now: Date, { mayBeExpired }: { mayBeExpired: boolean }): boolean {
  const { iat, exp, nbf } = payload
  const seconds = now.getTime() / 1000
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds + CLOCK_LEEWAY_SECONDS)) return false
  return iat <= seconds + CLOCK_LEEWAY_SECONDS && (mayBeExpired || exp > seconds)
}
