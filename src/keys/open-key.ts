import type { StoredKey } from '../database/key-statements.ts'
import { ENCRYPTION_KEY_BYTES } from '../security/authenticated-encryption.ts'
import { type Sealer, WrongSecretKey } from '../security/sealed-value.ts'
import { derivePublicJwk, type PublicJwk, type SigningAlgorithm, toPem } from '../security/signing-key.ts'
import { sealingContext } from './key-rows.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly privatePem: string
  readonly publicPem: string
  readonly publicJwk: PublicJwk
}

/** A key of the database, decrypted. */
export interface OpenedKey {
  readonly id: string
  readonly purpose: string
  readonly state: string
  readonly activateAt: Date | null
  readonly key: Buffer
  readonly signing: SigningKey | undefined
}

/** A row of `keys` was altered after the service wrote it. The message is one line for the operator. */
export class DamagedKey extends Error {
  constructor({ id, purpose }: Pick<StoredKey, 'id' | 'purpose'>, problem: string) {
    super(`The ${purpose} key ${id} in the database ${problem}. It has been altered: see docs/recovery.md.`)
  }
}

/**
 * Decrypts a key. The public half of a signing key is derived from the private one and must have the key's id as its
 * thumbprint: a stored public half could be replaced by an attacker's, and other services would then accept the
 * attacker's tokens.
 *
 * @throws {WrongSecretKey} if SECRET_KEY and SECRET_KEY_PREVIOUS do not open it.
 * @throws {DamagedKey} if the row was altered.
 */
export function openKey(row: StoredKey, sealer: Sealer): OpenedKey {
  const { id, purpose, state, activateAt } = row
  const key = unseal(row, sealer)
  if (purpose !== 'signing') {
    if (key.length !== ENCRYPTION_KEY_BYTES) throw new DamagedKey(row, `has ${key.length} bytes instead of 32`)
    return { id, purpose, state, activateAt, key, signing: undefined }
  }
  const publicJwk = derivePublicJwk(key)
  if (publicJwk.kid !== id || publicJwk.alg !== row.algorithm) {
    throw new DamagedKey(row, 'is not the private key of its id and algorithm')
  }
  const signing = { kid: id, algorithm: publicJwk.alg, publicJwk, ...toPem(key) }
  return { id, purpose, state, activateAt, key, signing }
}

function unseal(row: StoredKey, sealer: Sealer): Buffer {
  try {
    return sealer.open(row.sealed, sealingContext(row))
  } catch (error) {
    if (error instanceof WrongSecretKey) throw error
    throw new DamagedKey(row, 'cannot be decrypted')
  }
}
