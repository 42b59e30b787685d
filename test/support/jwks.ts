import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { TestApp } from './test-app.ts'

/** What our JWKS says now, as another service would have fetched it. */
export async function fetchJwks({ api }: TestApp): Promise<JSONWebKeySet> {
  return (await api.get('/.well-known/jwks.json')).body
}

export function kidOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
}

/** Whether jose takes the token, by these keys and the rules of docs/integrating.md. */
export async function joseAccepts({ clock, deps }: TestApp, jwks: JSONWebKeySet, token: string): Promise<boolean> {
  const { publicUrl } = deps.config
  const rules = { issuer: publicUrl, audience: publicUrl, typ: 'at+jwt', currentDate: clock.now() }
  return jwtVerify(token, createLocalJWKSet(jwks), { ...rules, requiredClaims: ['exp', 'sub'] }).then(
    () => true,
    () => false,
  )
}
