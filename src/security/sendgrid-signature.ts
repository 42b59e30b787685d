import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/**
 * Reads the verification key as SendGrid shows it: the base64 of an ECDSA public key (SPKI, P-256). Null for any other
 * text, so that an incomplete key is noticed when the service starts and not when every event is refused.
 */
export function readSendgridKey(base64: string): KeyObject | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null
  } catch {
    return null
  }
}

/** Whether SendGrid signed exactly these bytes at exactly this time (ECDSA with SHA-256 over the time and the body). */
export function isSignedBySendgrid(
  key: KeyObject,
  signed: { timestamp: string; body: Buffer; signature: string },
): boolean {
  const content = Buffer.concat([Buffer.from(signed.timestamp), signed.body])
  return verify('sha256', content, key, Buffer.from(signed.signature, 'base64'))
}
