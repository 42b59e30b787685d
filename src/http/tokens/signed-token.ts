import type { Deps } from '../../deps.ts'
import { CLOCK_LEEWAY_SECONDS } from '../../keys/key-lifetimes.ts'
import { jwtOf, signerOf } from './key-jwt.ts'

/** The signature has 64 bytes. The last character has unused bits, which are zero: only one spelling is accepted. */
const COMPACT_FORM = /^([A-Za-z0-9_-]{1,512})\.[A-Za-z0-9_-]{1,2048}\.[A-Za-z0-9_-]{85}[AQgw]$/

export type TokenPayload = Readonly<Record<string, unknown>>

/** What is accepted in addition to a current token for this service. */
export interface Acceptance {
  /** An expired token still names the session that its holder wants to end. */
  readonly mayBeExpired?: boolean
  /** Whether the token may have been issued for one of the other resources in TOKEN_RESOURCES. */
  readonly forAnyResource?: boolean
}

/** Signs claims with the current key as an access token. Its type (RFC 9068) distinguishes it from every other JWT. */
export function signToken({ keys }: Deps, payload: object): string {
  return signerOf(keys.signingKey())(payload)
}

/**
 * Reads the claims of an access token that this service issued. The answer is null for everything else. The checks are
 * stricter than those of the library (RFC 8725): a token has one spelling, its key is a key of the service and is
 * chosen by `kid`, the algorithm is the key's own, the type, issuer and audience must match, and critical extensions
 * are refused.
 */
export async function verifyToken(deps: Deps, token: string, acceptance: Acceptance): Promise<TokenPayload | null> {
  const payload = await verifySignature(deps, token)
  if (payload?.['iss'] !== deps.config.publicUrl) return null
  return isForResource(payload, deps, acceptance) && isInTime(payload, deps.clock.now(), acceptance) ? payload : null
}

async function verifySignature(deps: Deps, token: string): Promise<TokenPayload | null> {
  const [, header] = COMPACT_FORM.exec(token) ?? []
  if (header === undefined) return null
  const { alg, typ, kid, crit } = readHeader(header)
  if (typeof kid !== 'string' || typ !== 'at+jwt' || crit !== undefined) return null
  const key = await deps.keys.verificationKey(kid)
  if (!key || alg !== key.algorithm) return null
  const jwt = await jwtOf(key)
  try {
    return jwt.verify<TokenPayload>(token)
  } catch {
    return null // the library's reasons do not matter here
  }
}

/** Reads the members of a JOSE header. There are none if the text does not encode an object. */
function readHeader(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString())
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function isForResource({ aud }: TokenPayload, { config }: Deps, { forAnyResource = false }: Acceptance): boolean {
  if (aud === config.publicUrl) return true
  return forAnyResource && typeof aud === 'string' && config.tokenResources.includes(aud)
}

function isInTime(payload: TokenPayload, now: Date, { mayBeExpired = false }: Acceptance): boolean {
  const { iat, exp, nbf } = payload
  const seconds = now.getTime() / 1000
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds + CLOCK_LEEWAY_SECONDS)) return false
  return iat <= seconds + CLOCK_LEEWAY_SECONDS && (mayBeExpired || exp > seconds)
}
