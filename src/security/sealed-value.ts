import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Secret } from './secret.ts'

/** Authenticated ciphertext of a key that the service must read back: `s1.<id of the sealing key>.<iv>.<ciphertext and tag>`. */
export type SealedValue = string & { readonly __brand: 'SealedValue' }

export interface Sealer {
  seal(content: Buffer, context: string): SealedValue
  /** @throws {WrongSecretKey} where no secret key of ours made it; another error where it was altered or moved. */
  open(sealed: string, context: string): Buffer
  /** Whether it is sealed under the current SECRET_KEY rather than the previous one. */
  isCurrent(sealed: string): boolean
}

/** SECRET_KEY is not the one that sealed what is in the database. The message is one line for the operator. */
export class WrongSecretKey extends Error {
  constructor() {
    super(
      'SECRET_KEY does not open the keys in this database, and SECRET_KEY_PREVIOUS neither: set the one they were sealed under',
    )
  }
}

const TAG_BYTES = 16

/**
 * AES-256-GCM under keys derived from SECRET_KEY by HKDF (RFC 5869). `context` is bound into the tag, so that a sealed
 * value moved to another row does not open. The previous key opens what it sealed; only the current one seals.
 */
export function createSealer(secretKey: Secret, previousSecretKey: Secret | undefined): Sealer {
  const current = deriveSealingKey(secretKey)
  const known = previousSecretKey ? [current, deriveSealingKey(previousSecretKey)] : [current]
  return {
    seal(content, context) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
      return ['s1', current.id, iv.toString('base64url'), body.toString('base64url')].join('.') as SealedValue
    },
    open(sealed, context) {
      const [scheme, id, iv, body] = sealed.split('.')
      const sealing = known.find((candidate) => candidate.id === id)
      if (scheme !== 's1' || !sealing || !iv || !body) throw new WrongSecretKey()
      const bytes = Buffer.from(body, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', sealing.key, Buffer.from(iv, 'base64url'))
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()])
    },
    isCurrent: (sealed) => sealed.split('.')[1] === current.id,
  }
}

function deriveSealingKey(secretKey: Secret): { id: string; key: Buffer } {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secretKey.reveal(), 'latchkey', purpose, length))
  return { id: derive('name of the sealing key v1', 4).toString('hex'), key: derive('sealing key v1', 32) }
}
