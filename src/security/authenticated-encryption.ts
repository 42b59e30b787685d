import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export const ENCRYPTION_KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts with AES-256-GCM and a random 96-bit IV (NIST SP 800-38D section 8.2.2).
 *
 * @param context Is bound into the tag: the result opens only with the same context, so it cannot be moved to another row.
 * @returns IV, ciphertext and 128-bit tag, in this order.
 */
export function encrypt(key: Buffer, content: Buffer, context: string): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

/** @throws {Error} if the bytes were altered or shortened, or belong to another key or context. */
export function decrypt(key: Buffer, bytes: Buffer, context: string): Buffer {
  // Node accepts tags of 4 bytes unless the length is fixed, and a shorter tag is easier to forge.
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new Error('The encrypted value is too short.')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
}
