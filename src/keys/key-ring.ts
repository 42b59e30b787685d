import type { Database } from '../database/client.ts'
import { type HashPurpose, keyedHash } from '../security/keyed-hash.ts'
import type { Peppers } from '../security/password-hash.ts'
import type { Sealer } from '../security/sealed-value.ts'
import { type PublicJwk, type SigningAlgorithm, toPem } from '../security/signing-key.ts'
import { createMissingKeys, isComplete, type SecretPurpose, sealingContext } from './key-rows.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly privatePem: string
  readonly publicPem: string
  readonly publicJwk: PublicJwk
}

/** The service's keys, opened and in memory. Empty until the first `load`, which needs the database. */
export interface KeyRing {
  /** Reads the keys, and makes those that a new database lacks. One that is known is not opened again. */
  load(): Promise<void>
  readonly sealer: Sealer
  readonly peppers: Peppers
  /** The current key first: it derives, all of them verify. */
  refreshTokenKeys(): readonly [Buffer, ...Buffer[]]
  /** Hashes for the purpose under the current key: see security/keyed-hash.ts. */
  keyedHash(purpose: HashPurpose, ...parts: readonly string[]): string
  /** The keys of `keyedHash`, the current one first: rows may hold hashes that were made under any of them. */
  addressHashKeys(): readonly [Buffer, ...Buffer[]]
  signingKey(): SigningKey
  /** The key of this name, if it is one of ours; the database is asked once more where it is not known yet. */
  verificationKey(kid: string): Promise<SigningKey | undefined>
  /** Whatever a token may be verified with, now or soon: current, next, retired. */
  publicKeys(): readonly PublicJwk[]
}

/** The key ring was asked before the database could be reached: an outage, not a defect. */
export class KeysNotLoaded extends Error {}

interface OpenedKey {
  readonly id: string
  readonly purpose: string
  readonly state: string
  readonly key: Buffer
  readonly signing: SigningKey | undefined
}

type KeyRow = { id: string; purpose: string; algorithm: string; state: string; sealed: string; publicJwk: unknown }

/** `current` is first, and within a state the newest. */
const ORDER = [{ state: 'asc' as const }, { createdAt: 'desc' as const }]
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/
/** Tokens with made-up names must not become a stream of queries. */
const UNKNOWN_KID_PAUSE_MS = 5_000

export function createKeyRing(db: Database, sealer: Sealer, now: () => Date): KeyRing {
  let opened: readonly OpenedKey[] | undefined
  let lookup: { at: number; result: Promise<void> } | undefined

  async function load(): Promise<void> {
    const rows = await db.key.findMany({ orderBy: ORDER })
    const known = new Map(opened?.map((key) => [key.id, key]))
    opened = rows.map((row) => open(row, sealer, known.get(row.id))) // before any is made: a wrong SECRET_KEY stops here
    if (isComplete(rows)) return
    await db.$transaction((tx) => createMissingKeys(tx, sealer, now()))
    opened = (await db.key.findMany({ orderBy: ORDER })).map((row) => open(row, sealer, known.get(row.id)))
  }

  function keys(purpose: string): readonly OpenedKey[] {
    if (!opened) throw new KeysNotLoaded('the keys have not been read from the database yet')
    return opened.filter((key) => key.purpose === purpose)
  }

  function secretKeys(purpose: SecretPurpose): readonly [Buffer, ...Buffer[]] {
    const [current, ...older] = keys(purpose).map((entry) => entry.key)
    if (!current) throw new KeysNotLoaded(`there is no ${purpose} key`)
    return [current, ...older]
  }

  /** One reading at a time for everybody who waits, and then none for a while. */
  async function reloadForUnknownKid(): Promise<void> {
    const at = performance.now()
    if (!lookup || at - lookup.at > UNKNOWN_KID_PAUSE_MS) lookup = { at, result: load() }
    await lookup.result
  }

  const find = (kid: string) => keys('signing').find(({ id }) => id === kid)?.signing

  return {
    load,
    sealer,
    peppers: {
      current() {
        const current = keys('password_pepper')[0]
        if (!current) throw new KeysNotLoaded('there is no password_pepper key')
        return current
      },
      find: (id) => keys('password_pepper').find((pepper) => pepper.id === id)?.key,
    },
    refreshTokenKeys: () => secretKeys('refresh_token'),
    keyedHash: (purpose, ...parts) => keyedHash(secretKeys('address_hash')[0], purpose, ...parts),
    addressHashKeys: () => secretKeys('address_hash'),
    signingKey() {
      const current = keys('signing')[0]
      if (!current?.signing || current.state !== 'current') throw new KeysNotLoaded('there is no current signing key')
      return current.signing
    },
    async verificationKey(kid) {
      const known = find(kid)
      if (known || !THUMBPRINT.test(kid)) return known
      await reloadForUnknownKid()
      return find(kid)
    },
    publicKeys: () => keys('signing').flatMap(({ signing }) => (signing ? [signing.publicJwk] : [])),
  }
}

/** A key never changes, only its state does, and what it is sealed under; so a known one is taken as it is. */
function open(row: KeyRow, sealer: Sealer, known: OpenedKey | undefined): OpenedKey {
  const { id, purpose, state } = row
  if (known) return { ...known, state }
  const key = sealer.open(row.sealed, sealingContext(row))
  const algorithm = row.algorithm as SigningAlgorithm
  const publicJwk = row.publicJwk as PublicJwk
  const signing = purpose === 'signing' ? { kid: id, algorithm, publicJwk, ...toPem(key) } : undefined
  return { id, purpose, state, key, signing }
}
