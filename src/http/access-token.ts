import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from '../deps.ts'
import type { SessionGrant } from '../domain/sessions/session-grant.ts'

/** RFC 9068. `cv` is ours: the account's number, by which a credential change ends every token made before it. */
interface AccessTokenPayload {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly sid: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly auth_time: number
  readonly amr: readonly string[]
  readonly client_id: string
  readonly scope: string
  readonly cv: number
}

export interface SessionClaims {
  readonly sessionId: string
  readonly accountId: string
  readonly credentialVersion: number
}

/** The `client_id` of people signing in directly; service clients have ids of another form. */
const FIRST_PARTY = 'latchkey'
const SCOPE = 'account'
const TOKEN_TYPE = 'at+jwt'
/** How far another machine's clock may be ahead. */
const LEEWAY_SECONDS = 30
const COMPACT_FORM = /^[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{1,2048}\.([A-Za-z0-9_-]{86})$/

/** The plugin wants keys at registration; ours are in the database and change, so each call names its own. */
export async function registerJwt(app: FastifyInstance): Promise<void> {
  const noKey = async () => Promise.reject(new Error('every call names its key'))
  await app.register(fastifyJwt, { secret: { private: noKey, public: noKey } })
}

/** Signs what a session's holder shows to this service and others, for `ACCESS_TOKEN_TTL` seconds. */
export function signAccessToken(app: FastifyInstance, deps: Deps, grant: SessionGrant): string {
  const key = deps.keys.signingKey()
  const iat = Math.floor(grant.now.getTime() / 1000)
  const payload: AccessTokenPayload = {
    iss: deps.config.publicUrl,
    aud: deps.config.publicUrl,
    sub: grant.accountId,
    sid: grant.sessionId,
    jti: uuidv7(),
    iat,
    exp: iat + deps.config.lifetimes.accessToken,
    auth_time: Math.floor(grant.authenticatedAt.getTime() / 1000),
    amr: ['pwd'],
    client_id: FIRST_PARTY,
    scope: SCOPE,
    cv: grant.credentialVersion,
  }
  const header = { alg: key.algorithm, typ: TOKEN_TYPE, kid: key.kid }
  return app.jwt.sign(payload, { key: key.privatePem, algorithm: key.algorithm, kid: key.kid, header })
}

/**
 * What a token claims, if it is one of ours for a session and its time has come and not gone; null for everything
 * else. Stricter than the library (RFC 8725): one spelling, our keys by `kid` and never from the header, the key's own
 * algorithm, the type, issuer and audience, no critical extension.
 */
export function verifyAccessToken(
  app: FastifyInstance,
  deps: Deps,
  token: string,
  options: { mayBeExpired: boolean } = { mayBeExpired: false },
): SessionClaims | null {
  const payload = verifySignature(app, deps, token)
  if (!payload || !isForUs(payload, deps) || !isInTime(payload, deps.clock.now(), options)) return null
  const { sub, sid, cv } = payload
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof cv !== 'number') return null
  return { accountId: sub, sessionId: sid, credentialVersion: cv }
}

function verifySignature(app: FastifyInstance, deps: Deps, token: string): Record<string, unknown> | null {
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
    return typeof payload === 'object' ? (payload as Record<string, unknown> | null) : null
  } catch {
    return null // whatever the library calls it, it is not a token of ours
  }
}

function isForUs(payload: Record<string, unknown>, deps: Deps): boolean {
  return payload['iss'] === deps.config.publicUrl && payload['aud'] === deps.config.publicUrl
}

function isInTime(payload: Record<string, unknown>, now: Date, { mayBeExpired }: { mayBeExpired: boolean }): boolean {
  const { iat, exp, nbf } = payload
  const seconds = now.getTime() / 1000
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds + LEEWAY_SECONDS)) return false
  return iat <= seconds + LEEWAY_SECONDS && (mayBeExpired || exp > seconds)
}
