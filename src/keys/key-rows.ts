import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '../database/client.ts'
import { lockKeys } from '../database/row-locks.ts'
import type { Sealer } from '../security/sealed-value.ts'
import { newSigningKey, type SigningAlgorithm } from '../security/signing-key.ts'

/** The keys that are one secret each, as opposed to the pairs that sign. */
export const SECRET_PURPOSES = ['password_pepper', 'refresh_token', 'address_hash'] as const
export type SecretPurpose = (typeof SECRET_PURPOSES)[number]

/** What a sealed key is bound to: it opens in its own row and for its own purpose only. */
export function sealingContext(row: { id: string; purpose: string }): string {
  return `key ${row.purpose} ${row.id}`
}

/** Makes a signing key and publishes it; it signs nothing while it is `next`. */
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

/** Makes what a new database lacks: one secret for each purpose, and a signing key with the one that will follow it. */
export async function createMissingKeys(tx: Transaction, sealer: Sealer, now: Date): Promise<void> {
  await lockKeys(tx)
  const rows = await tx.key.findMany({ select: { purpose: true, state: true, algorithm: true } })
  const has = (purpose: string, state: string) => rows.some((row) => row.purpose === purpose && row.state === state)
  for (const purpose of SECRET_PURPOSES) {
    if (has(purpose, 'current')) continue
    const id = uuidv7()
    const sealed = sealer.seal(randomBytes(32), sealingContext({ id, purpose }))
    const dates = { createdAt: now, activatedAt: now }
    await tx.key.create({ data: { id, purpose, algorithm: 'HMAC', state: 'current', sealed, ...dates } })
  }
  const algorithm = rows.some((row) => row.algorithm === 'EdDSA' && row.state === 'current') ? 'EdDSA' : 'ES256'
  for (const state of ['current', 'next'] as const) {
    if (!has('signing', state)) await createSigningKey(tx, { algorithm, state, sealer, now })
  }
}

/** Whether `createMissingKeys` would make any. */
export function isComplete(rows: ReadonlyArray<{ purpose: string; state: string }>): boolean {
  const has = (purpose: string, state: string) => rows.some((row) => row.purpose === purpose && row.state === state)
  return (
    SECRET_PURPOSES.every((purpose) => has(purpose, 'current')) && has('signing', 'current') && has('signing', 'next')
  )
}
