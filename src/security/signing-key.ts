import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'

export type SigningAlgorithm = 'ES256' | 'EdDSA'

/** The public members only (RFC 7517 section 4, RFC 7518 section 6.2.1, RFC 8037 section 2). */
export type PublicJwk = {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly use: 'sig'
}

export interface NewSigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  /** PKCS #8, DER. It is sealed before it is stored. */
  readonly privateKey: Buffer
  readonly publicJwk: PublicJwk
}

export function newSigningKey(algorithm: SigningAlgorithm): NewSigningKey {
  const { privateKey: key } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const privateKey = key.export({ format: 'der', type: 'pkcs8' })
  const publicJwk = derivePublicJwk(privateKey)
  return { kid: publicJwk.kid, algorithm, privateKey, publicJwk }
}

/** Derives the public key of a private key (PKCS #8, DER). Its `kid` is its RFC 7638 thumbprint. */
export function derivePublicJwk(privateKey: Buffer): PublicJwk {
  const publicKey = createPublicKey(createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }))
  const { kty = '', crv = '', x = '', y } = publicKey.export({ format: 'jwk' })
  const point = { kty, crv, x, ...(y === undefined ? {} : { y }) }
  return { ...point, kid: thumbprint(point), alg: crv === 'P-256' ? 'ES256' : 'EdDSA', use: 'sig' }
}

/** Converts a private key to the two PEM forms that the JWT library needs. */
export function toPem(privateKey: Buffer): { privatePem: string; publicPem: string } {
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
  return {
    privatePem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString(),
  }
}

/**
 * Creates a function that signs claims as a JWS in its compact form (RFC 7515 section 3.1). The key is imported and the
 * header is encoded once, because both are the same for every token.
 */
export function createJwsSigner(
  header: { readonly alg: SigningAlgorithm; readonly typ: string; readonly kid: string },
  privatePem: string,
): (claims: object) => string {
  const key = {
    key: createPrivateKey(privatePem),
    dsaEncoding: 'ieee-p1363' as const, // RFC 7518 section 3.4
  }
  const digest = header.alg === 'ES256' ? 'sha256' : null // Ed25519 has a digest of its own
  const encodedHeader = encodePart(header)
  return (claims) => {
    const input = `${encodedHeader}.${encodePart(claims)}`
    return `${input}.${sign(digest, Buffer.from(input), key).toString('base64url')}`
  }
}

function encodePart(members: object): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url')
}

/** RFC 7638: SHA-256 over the required members in lexical order, so that the same key has the same name everywhere. */
function thumbprint({ crv, kty, x, y }: { crv: string; kty: string; x: string; y?: string }): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url') // an absent y is left out
}
