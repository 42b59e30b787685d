import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../deps.ts'

const TOKEN_TYPE = 'at+jwt'
/** How far another machine's clock may be ahead. */
const LEEWAY_SECONDS = 30
const COMPACT_FORM = /^[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{1,2048}\.([A-Za-z0-9_-]{86})$/

export type TokenPayload = Readonly<Record<string, unknown>>

/** The plugin wants keys at registration; ours are in the database and change, so each call names its own. */
export async function registerJwt(app: FastifyInstance): Promise<void> {
  const noKey = async () => Promise.reject(new Error('every call names its key'))
  await app.register(fastifyJwt, { secret: { private: noKey, public: noKey } })
}

/** Signs claims with the current key, as an access token (RFC 9068: its own type, so that no other JWT passes for one). */
export function signToken(app: FastifyInstance, deps: Deps, payload: object): string {
  const key = deps.keys.signingKey()
  const header = { alg: key.algorithm, typ: TOKEN_TYPE, kid: key.kid }
  return app.jwt.sign(payload, { key: key.privatePem, algorithm: key.algorithm, kid: key.kid, header })
}

/**
 * What a token says, if it is an access token of ours and its time has come and not gone; null for everything else.
 * Stricter than the library (RFC 8725): one spelling, our keys by `kid` and never from the header, the key's own
 * algorithm, the type, issuer and audience, no critical extension.
 */
export async function verifyToken(
  app: FastifyInstance,
  deps: Deps,
  token: string,
  options: { mayBeExpired: boolean } = { mayBeExpired: false },
): Promise<TokenPayload | null> {
  const payload = verifySignature(app, deps, token)
  return payload && isForUs(payload, deps) && isInTime(payload, deps.clock.now(), options) ? payload : null
}

function verifySignature(app: FastifyInstance, deps: Deps, token: string): TokenPayload | null {
  const signature = COMPACT_FORM.exec(token)?.[1]
  // The last character of a signature carries unused bits: one spelling only.
  if (!signature || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return null
  try {
    const decoded = app.jwt.decode<{ header: Record<string, unknown> }>(token, { complete: true })
    const header = decoded?.header ?? {}
    const key = typeof header['kid'] === 'string' ? deps.keys.verificationKey(header['kid']) : undefined
    if (!key || header['alg'] !== key.algorithm || header['typ'] !== TOKEN_TYPE || 'crit' in header) return null
    const payload: unknown = app.jwt.verify(token, {
      key: key.publicPem,
      algorithms: [key.algorithm],
      ignoreExpiration: true, // with the service's clock, below
      ignoreNotBefore: true,
    })
    return typeof payload === 'object' ? (payload as TokenPayload | null) : null
  } catch {
    return null // whatever the library calls it, it is not a token of ours
  }
}

function isForUs(payload: TokenPayload, deps: Deps): boolean {
  return payload['iss'] === deps.config.publicUrl && payload['aud'] === deps.config.publicUrl
}

function isInTime(payload: TokenPayload, now: Date, { mayBeExpired }: { mayBeExpired: boolean }): boolean {
  const { iat, exp, nbf } = payload
  const seconds = now.getTime() / 1000
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds + LEEWAY_SECONDS)) return false
  return iat <= seconds + LEEWAY_SECONDS && (mayBeExpired || exp > seconds)
}
