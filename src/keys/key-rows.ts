import { randomBytes } from 'node:crypto'
import type { Transaction } from '../database/client.ts'
import { newId } from '../database/new-id.ts'
import { lockKeys } from '../database/row-locks.ts'
import { ENCRYPTION_KEY_BYTES } from '../security/authenticated-encryption.ts'
import type { Sealer } from '../security/sealed-value.ts'
import { newSigningKey, type SigningAlgorithm } from '../security/signing-key.ts'

/** The purposes of the keys that are one secret of 32 bytes, as opposed to the pairs that sign tokens. */
export const SECRET_PURPOSES = ['password_pepper', 'password_import', 'refresh_token', 'address_hash'] as const
export type SecretPurpose = (typeof SECRET_PURPOSES)[number]

/** The context of a sealed key. It can be opened only in its own row and for its own purpose. */
export function sealingContext(row: { id: string; purpose: string }): string {
  return `key ${row.purpose} ${row.id}`
}

/** Creates a signing key. It is published at once, and signs nothing while it is `next`. */
export async function createSigningKey(
  tx: Transaction,
  key: { algorithm: SigningAlgorithm; state: 'next' | 'current'; sealer: Sealer; now: Date },
): Promise<{ id: string; algorithm: string; createdAt: Date }> {
  const { algorithm, state, sealer, now } = key
  const { kid: id, privateKey, publicJwk } = newSigningKey(algorithm)
  const purpose = 'signing'
  const sealed = sealer.seal(privateKey, sealingContext({ id, purpose }))
  const activatedAt = state === 'current' ? now : null
  const data = { id, purpose, algorithm, state, sealed, publicJwk: { ...publicJwk }, createdAt: now, activatedAt }
  return tx.key.create({ data, select: { id: true, algorithm: true, createdAt: true } })
}

/** Creates one secret key, which is in use at once or from `activateAt`. */
export async function createSecretKey(
  tx: Transaction,
  key: { purpose: SecretPurpose; sealer: Sealer; now: Date; activateAt?: Date },
): Promise<string> {
  const { purpose, sealer, now, activateAt } = key
  const id = newId()
  const sealed = sealer.seal(randomBytes(ENCRYPTION_KEY_BYTES), sealingContext({ id, purpose }))
  const state = activateAt ? { state: 'next', activateAt } : { state: 'current', activatedAt: now }
  await tx.key.create({ data: { id, purpose, algorithm: 'HMAC', sealed, createdAt: now, ...state } })
  return id
}

/** Creates the missing keys of a new database: a secret for each purpose, a current signing key and the next one. */
export async function createMissingKeys(tx: Transaction, sealer: Sealer, now: Date): Promise<void> {
  await lockKeys(tx)
  const rows = await tx.key.findMany({ select: { purpose: true, state: true, algorithm: true } })
  const has = (purpose: string, state: string) => rows.some((row) => row.purpose === purpose && row.state === state)
  for (const purpose of SECRET_PURPOSES) {
    if (!has(purpose, 'current')) await createSecretKey(tx, { purpose, sealer, now })
  }
  const algorithm = rows.some((row) => row.algorithm === 'EdDSA' && row.state === 'current') ? 'EdDSA' : 'ES256'
  for (const state of ['current', 'next'] as const) {
    if (!has('signing', state)) await createSigningKey(tx, { algorithm, state, sealer, now })
  }
}

/** Whether `createMissingKeys` would create none. */
export function isComplete(rows: ReadonlyArray<{ purpose: string; state: string }>): boolean {
  const has = (purpose: string, state: string) => rows.some((row) => row.purpose === purpose && row.state === state)
  return (
    SECRET_PURPOSES.every((purpose) => has(purpose, 'current')) && has('signing', 'current') && has('signing', 'next')
  )
}
