import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { TestApp } from './test-app.ts'

/** The JWKS as another service would fetch it now. */
export async function fetchJwks({ api }: TestApp): Promise<JSONWebKeySet> {
  return (await api.get('/.well-known/jwks.json')).body
}

export function kidOf(token: string): string {
  return partOf(token, 0)['kid'] as string
}

/** Every access token has an expiry and a time of issue. */
type Claims = JWTPayload & { readonly exp: number; readonly iat: number }

/** The claims of an access token, read without checking its signature. */
export function claimsOf(token: string): Claims {
  return partOf(token, 1) as Claims
}

function partOf(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())
}

/** Whether jose accepts the token with these keys and the rules of docs/integrating.md. */
export async function joseAccepts({ clock, deps }: TestApp, jwks: JSONWebKeySet, token: string): Promise<boolean> {
  const { publicUrl } = deps.config
  const rules = { issuer: publicUrl, audience: publicUrl, typ: 'at+jwt', currentDate: clock.now() }
  return jwtVerify(token, createLocalJWKSet(jwks), { ...rules, requiredClaims: ['exp', 'sub'] }).then(
    () => true,
    () => false,
  )
}
