import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose'
import { createSealer } from '../../src/security/sealed-value.ts'
import { Secret } from '../../src/security/secret.ts'
import { createJwsSigner, newSigningKey, toPem } from '../../src/security/signing-key.ts'

const KEY = new Secret('a secret key of at least 32 bytes, number 1')
const OTHER = new Secret('a secret key of at least 32 bytes, number 2')
const sealer = createSealer(KEY, undefined)
const content = Buffer.from('the private key')

test('what is sealed opens in its own context, and looks different each time', () => {
  const sealed = sealer.seal(content, 'key signing 1')

  expect(sealer.open(sealed, 'key signing 1')).toEqual(content)
  expect(sealer.seal(content, 'key signing 1')).not.toBe(sealed)
  expect(sealed).not.toContain(content.toString('base64url'))
})

test('a sealed secret opens in no other context', () => {
  const sealed = sealer.seal(content, 'key signing 1')

  for (const context of ['key signing 2', 'key refresh_token 1', '', 'key signing 1 ']) {
    expect(() => sealer.open(sealed, context)).toThrow()
  }
})

test('a sealed secret opens under no other key, and the error says so', () => {
  const sealed = sealer.seal(content, 'c')

  expect(() => createSealer(OTHER, undefined).open(sealed, 'c')).toThrow(/SECRET_KEY/)
})

test('the previous key opens what it sealed, and seals nothing more', () => {
  const old = sealer.seal(content, 'c')
  const rotated = createSealer(OTHER, KEY)

  expect(rotated.open(old, 'c')).toEqual(content)
  expect(rotated.isCurrent(old)).toBe(false)
  const fresh = rotated.seal(content, 'c')
  expect(rotated.isCurrent(fresh)).toBe(true)
  expect(() => sealer.open(fresh, 'c')).toThrow(/SECRET_KEY/)
})

test('a sealed secret with any one bit changed does not open', () => {
  const [scheme = '', id = '', iv = '', body = ''] = sealer.seal(content, 'c').split('.')
  const bent = (part: string) => {
    const bytes = Buffer.from(part, 'base64url')
    return Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const copy = Buffer.from(bytes)
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return copy.toString('base64url')
    })
  }

  for (const other of bent(iv)) expect(() => sealer.open([scheme, id, other, body].join('.'), 'c')).toThrow()
  for (const other of bent(body)) expect(() => sealer.open([scheme, id, iv, other].join('.'), 'c')).toThrow()
})

test('a sealed secret with a shortened tag does not open, nor does anything else', () => {
  const sealed = sealer.seal(content, 'c')
  const [scheme, id, iv = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  const shortened = [4, 8, 12, 13, 15].map((length) => {
    const tag = bytes.subarray(-16).subarray(0, length)
    return [scheme, id, iv, Buffer.concat([bytes.subarray(0, -16), tag]).toString('base64url')].join('.')
  })

  for (const odd of [
    '',
    '.',
    '...',
    's1',
    `s2.${id}.${iv}.${body}`,
    `s1.${id}.${iv}.`,
    `s1.${id}..${body}`,
    ...shortened,
  ]) {
    expect(() => sealer.open(odd, 'c')).toThrow()
  }
})

test.each(['ES256', 'EdDSA'] as const)(
  'an %s key signs what its public half verifies, and is named by RFC 7638',
  async (algorithm) => {
    const key = newSigningKey(algorithm)
    const { privatePem, publicPem } = toPem(key.privateKey)
    const digest = algorithm === 'ES256' ? 'sha256' : null
    const signature = sign(digest, content, privatePem)

    expect(verify(digest, content, publicPem, signature)).toBe(true)
    expect(verify(digest, content, createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }), signature)).toBe(true)
    expect(key.kid).toBe(await calculateJwkThumbprint({ ...key.publicJwk }))
    expect(key.publicJwk).toMatchObject({ kid: key.kid, alg: algorithm, use: 'sig' })
  },
)

test.each(['ES256', 'EdDSA'] as const)(
  'a JWS that is signed with an %s key is valid for another library',
  async (alg) => {
    const { kid, privateKey, publicJwk } = newSigningKey(alg)
    const signClaims = createJwsSigner({ alg, typ: 'at+jwt', kid }, toPem(privateKey).privatePem)
    const claims = { sub: 'ada', name: 'Zoë 🔑' }

    const verified = await jwtVerify(signClaims(claims), await importJWK({ ...publicJwk }))

    expect(verified).toMatchObject({ payload: claims, protectedHeader: { alg, typ: 'at+jwt', kid } })
  },
)

test('the public half has no private member', () => {
  for (const algorithm of ['ES256', 'EdDSA'] as const) {
    const { publicJwk, privateKey } = newSigningKey(algorithm)
    const { d } = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })

    expect(Object.keys(publicJwk).sort()).toEqual(
      algorithm === 'ES256' ? ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'] : ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    )
    expect(JSON.stringify(publicJwk)).not.toContain(d)
  }
})
