import { hkdfSync } from 'node:crypto'
import { decrypt, ENCRYPTION_KEY_BYTES, encrypt } from './authenticated-encryption.ts'
import type { Secret } from './secret.ts'

/** An encrypted key, as the database keeps it: `s1.<id of the sealing key>.<IV>.<ciphertext and tag>`. */
export type SealedValue = string & { readonly __brand: 'SealedValue' }

export interface Sealer {
  seal(content: Buffer, context: string): SealedValue
  /**
   * @throws {WrongSecretKey} if neither SECRET_KEY nor SECRET_KEY_PREVIOUS sealed it.
   * @throws {Error} if it was altered, or moved to another context.
   */
  open(sealed: string, context: string): Buffer
  /** Whether it is sealed under the current SECRET_KEY rather than the previous one. */
  isCurrent(sealed: string): boolean
}

/** SECRET_KEY did not seal what is in the database. The message is one line for the operator. */
export class WrongSecretKey extends Error {
  constructor() {
    super(
      'SECRET_KEY does not open the keys in this database, and neither does SECRET_KEY_PREVIOUS. Set the SECRET_KEY that sealed them; if it is lost, see docs/recovery.md.',
    )
  }
}

const IV_LENGTH = 12
const BASE64URL = /^[A-Za-z0-9_-]+$/

/**
 * Seals values under a key derived from SECRET_KEY by HKDF (RFC 5869). The previous SECRET_KEY opens what it sealed;
 * only the current one seals.
 */
export function createSealer(secretKey: Secret, previousSecretKey: Secret | undefined): Sealer {
  const current = deriveSealingKey(secretKey)
  const known = previousSecretKey ? [current, deriveSealingKey(previousSecretKey)] : [current]
  return {
    seal(content, context) {
      const bytes = encrypt(current.key, content, context)
      const parts = [bytes.subarray(0, IV_LENGTH), bytes.subarray(IV_LENGTH)].map((part) => part.toString('base64url'))
      return ['s1', current.id, ...parts].join('.') as SealedValue
    },
    open(sealed, context) {
      const [scheme, id, iv = '', body = '', ...rest] = sealed.split('.')
      const sealing = known.find((candidate) => candidate.id === id)
      if (scheme !== 's1' || !sealing) throw new WrongSecretKey()
      const ivBytes = Buffer.from(iv, 'base64url')
      if (rest.length > 0 || !BASE64URL.test(iv + body) || ivBytes.length !== IV_LENGTH) {
        throw new Error('A sealed value in the database is damaged.')
      }
      return decrypt(sealing.key, Buffer.concat([ivBytes, Buffer.from(body, 'base64url')]), context)
    },
    isCurrent: (sealed) => sealed.split('.')[1] === current.id,
  }
}

function deriveSealingKey(secretKey: Secret): { id: string; key: Buffer } {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secretKey.reveal(), 'latchkey', purpose, length))
  return {
    id: derive('name of the sealing key v1', 4).toString('hex'),
    key: derive('sealing key v1', ENCRYPTION_KEY_BYTES),
  }
}
