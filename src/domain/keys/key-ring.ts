import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Database, Transaction } from '../../database/client.ts'
import type { Peppers } from '../../security/password-hash.ts'
import type { Sealer } from '../../security/sealed-value.ts'
import { newSigningKey, type PublicJwk, type SigningAlgorithm, toPem } from '../../security/signing-key.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly privatePem: string
  readonly publicPem: string
  readonly publicJwk: PublicJwk
}

/** The service's keys, opened and in memory. Empty until the first `load`, which needs the database. */
export interface KeyRing {
  load(): Promise<void>
  readonly peppers: Peppers
  /** The current key first: it derives, all of them verify. */
  refreshTokenKeys(): readonly [Buffer, ...Buffer[]]
  addressHashKeys(): readonly [Buffer, ...Buffer[]]
  signingKey(): SigningKey
  verificationKey(kid: string): SigningKey | undefined
}

/** The key ring was asked before the database could be reached: an outage, not a defect. */
export class KeysNotLoaded extends Error {}

const SECRET_PURPOSES = ['password_pepper', 'refresh_token', 'address_hash'] as const
type SecretPurpose = (typeof SECRET_PURPOSES)[number]

interface OpenedKeys {
  readonly secrets: Readonly<Record<SecretPurpose, ReadonlyArray<{ id: string; key: Buffer }>>>
  readonly signing: readonly SigningKey[]
}

export function createKeyRing(db: Database, sealer: Sealer, now: () => Date): KeyRing {
  let opened: OpenedKeys | undefined

  function keys(): OpenedKeys {
    if (!opened) throw new KeysNotLoaded('the keys have not been read from the database yet')
    return opened
  }

  function secretKeys(purpose: SecretPurpose): readonly [Buffer, ...Buffer[]] {
    const [current, ...older] = keys().secrets[purpose].map((entry) => entry.key)
    if (!current) throw new KeysNotLoaded(`there is no ${purpose} key`)
    return [current, ...older]
  }

  return {
    async load() {
      const rows = await db.$transaction(async (tx) => {
        await createMissingKeys(tx, sealer, now())
        return tx.key.findMany({ orderBy: [{ state: 'asc' }, { createdAt: 'desc' }] }) // "current" sorts first
      })
      opened = open(rows, sealer)
    },
    peppers: {
      current() {
        const current = keys().secrets.password_pepper[0]
        if (!current) throw new KeysNotLoaded('there is no password_pepper key')
        return current
      },
      find: (id) => keys().secrets.password_pepper.find((pepper) => pepper.id === id)?.key,
    },
    refreshTokenKeys: () => secretKeys('refresh_token'),
    addressHashKeys: () => secretKeys('address_hash'),
    signingKey() {
      const current = keys().signing[0]
      if (!current) throw new KeysNotLoaded('there is no current signing key')
      return current
    },
    verificationKey: (kid) => keys().signing.find((key) => key.kid === kid),
  }
}

function open(
  rows: ReadonlyArray<{ id: string; purpose: string; algorithm: string; sealed: string; publicJwk: unknown }>,
  sealer: Sealer,
): OpenedKeys {
  const of = (purpose: string) =>
    rows
      .filter((row) => row.purpose === purpose)
      .map((row) => ({ ...row, key: sealer.open(row.sealed, sealingContext(row)) }))
  return {
    secrets: {
      password_pepper: of('password_pepper'),
      refresh_token: of('refresh_token'),
      address_hash: of('address_hash'),
    },
    signing: of('signing').map((row) => ({
      kid: row.id,
      algorithm: row.algorithm as SigningAlgorithm,
      publicJwk: row.publicJwk as PublicJwk,
      ...toPem(row.key),
    })),
  }
}

/** What a sealed key is bound to: it opens in its own row and for its own purpose only. */
function sealingContext(row: { id: string; purpose: string }): string {
  return `key ${row.purpose} ${row.id}`
}

/** Twenty replicas may start on an empty database at once: the lock lets one of them make the keys. */
async function createMissingKeys(tx: Transaction, sealer: Sealer, now: Date): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('latchkey keys', 0))`
  const current = new Set(
    (await tx.key.findMany({ where: { state: 'current' }, select: { purpose: true } })).map((key) => key.purpose),
  )
  const common = { state: 'current', createdAt: now, activatedAt: now }
  for (const purpose of SECRET_PURPOSES) {
    if (current.has(purpose)) continue
    const id = uuidv7()
    const sealed = sealer.seal(randomBytes(32), sealingContext({ id, purpose }))
    await tx.key.create({ data: { ...common, id, purpose, algorithm: 'HMAC', sealed } })
  }
  if (current.has('signing')) return
  const signing = newSigningKey('ES256')
  const sealed = sealer.seal(signing.privateKey, sealingContext({ id: signing.kid, purpose: 'signing' }))
  const { kid: id, algorithm, publicJwk } = signing
  await tx.key.create({ data: { ...common, id, purpose: 'signing', algorithm, sealed, publicJwk: { ...publicJwk } } })
}
