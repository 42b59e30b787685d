import type { Database, Pool } from '../database/client.ts'
import { readStoredKeys } from '../database/key-statements.ts'
import { type HashPurpose, keyedHash } from '../security/keyed-hash.ts'
import type { NamedKeys } from '../security/named-keys.ts'
import { type Sealer, WrongSecretKey } from '../security/sealed-value.ts'
import type { PublicJwk } from '../security/signing-key.ts'
import { createMissingKeys, isComplete, type SecretPurpose } from './key-rows.ts'
import { DamagedKey, type OpenedKey, openKey, type SigningKey } from './open-key.ts'

export type { SigningKey } from './open-key.ts'

/** The service's keys, decrypted and in memory. It is empty until the first `load`, which needs the database. */
export interface KeyRing {
  /**
   * Reads the keys, and creates those that are missing in a new database. A known key is not decrypted again.
   *
   * @throws {WrongSecretKey | DamagedKey} if a key cannot be opened; the ring then keeps the keys that it had.
   */
  load(): Promise<void>
  /**
   * Whether the last `load` that reached the database could open every key. If not, this process may lack a key that
   * other replicas already use, and must not report that it is ready.
   */
  isReadable(): boolean
  readonly sealer: Sealer
  /** What passwords are hashed under. */
  readonly peppers: NamedKeys
  /** What imported password hashes are encrypted under. */
  readonly importKeys: NamedKeys
  /** The first key derives tokens; all of them verify. */
  refreshTokenKeys(): readonly [Buffer, ...Buffer[]]
  /** Hashes for the purpose under the current key: see security/keyed-hash.ts. */
  keyedHash(purpose: HashPurpose, ...parts: readonly string[]): string
  /** The keys of `keyedHash`, the current one first: rows may hold hashes that were made under any of them. */
  addressHashKeys(): readonly [Buffer, ...Buffer[]]
  signingKey(): SigningKey
  /** Finds a key by its id; undefined if there is none. For an unknown id, the keys are read again from the database. */
  verificationKey(kid: string): Promise<SigningKey | undefined>
  /** The keys with which tokens are verified now or soon: the current, next and retired keys. */
  publicKeys(): readonly PublicJwk[]
}

/** The keys were needed before the database could be reached. This is an outage, not a defect. */
export class KeysNotLoaded extends Error {}

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/
/** Tokens with invented key ids must not cause one query each. */
const UNKNOWN_KID_PAUSE_MS = 5_000

interface Connections {
  readonly db: Database
  readonly pool: Pool
}

export function createKeyRing(connections: Connections, sealer: Sealer, now: () => Date): KeyRing {
  let opened: readonly OpenedKey[] | undefined
  let isReadable = false
  let lookup: { at: number; result: Promise<void> } | undefined

  async function load(): Promise<void> {
    try {
      opened = await readKeys(connections, sealer, { known: opened ?? [], now })
      isReadable = true
    } catch (error) {
      if (error instanceof WrongSecretKey || error instanceof DamagedKey) isReadable = false
      throw error
    }
  }

  function keys(purpose: string): readonly OpenedKey[] {
    if (!opened) throw new KeysNotLoaded('the keys have not been read from the database yet')
    return opened.filter((key) => key.purpose === purpose)
  }

  /** The key in use comes first. A secret key that is due takes over by the clock, in every process at the same time. */
  function secretKeys(purpose: SecretPurpose): readonly [OpenedKey, ...OpenedKey[]] {
    const all = keys(purpose)
    const isDue = ({ state, activateAt }: OpenedKey) => state === 'next' && activateAt !== null && activateAt <= now()
    const inUse = all.find(isDue) ?? all[0]
    if (!inUse) throw new KeysNotLoaded(`there is no ${purpose} key`)
    return [inUse, ...all.filter((key) => key !== inUse)]
  }

  function secrets(purpose: SecretPurpose): readonly [Buffer, ...Buffer[]] {
    const [inUse, ...others] = secretKeys(purpose)
    return [inUse.key, ...others.map(({ key }) => key)]
  }

  function named(purpose: SecretPurpose): NamedKeys {
    return {
      current: () => secretKeys(purpose)[0],
      find: (id) => keys(purpose).find((key) => key.id === id)?.key,
    }
  }

  /** Concurrent requests share one query. After it, no further query is made for a while. */
  async function reloadForUnknownKid(): Promise<void> {
    const at = performance.now()
    if (!lookup || at - lookup.at > UNKNOWN_KID_PAUSE_MS) lookup = { at, result: load() }
    await lookup.result
  }

  const findSigningKey = (kid: string) => keys('signing').find(({ id }) => id === kid)?.signing

  return {
    load,
    isReadable: () => isReadable,
    sealer,
    peppers: named('password_pepper'),
    importKeys: named('password_import'),
    refreshTokenKeys: () => secrets('refresh_token'),
    keyedHash: (purpose, ...parts) => keyedHash(secrets('address_hash')[0], purpose, ...parts),
    addressHashKeys: () => secrets('address_hash'),
    signingKey() {
      const current = keys('signing')[0]
      if (!current?.signing || current.state !== 'current') throw new KeysNotLoaded('there is no current signing key')
      return current.signing
    },
    async verificationKey(kid) {
      const known = findSigningKey(kid)
      if (known || !THUMBPRINT.test(kid)) return known
      await reloadForUnknownKid()
      return findSigningKey(kid)
    },
    publicKeys: () => keys('signing').flatMap(({ signing }) => (signing ? [signing.publicJwk] : [])),
  }
}

async function readKeys(
  { db, pool }: Connections,
  sealer: Sealer,
  { known, now }: { known: readonly OpenedKey[]; now: () => Date },
): Promise<OpenedKey[]> {
  const knownById = new Map(known.map((key) => [key.id, key]))
  const read = async () => {
    const rows = await readStoredKeys(pool)
    // A key itself never changes, only its state and what it is sealed under.
    return rows.map((row) => {
      const before = knownById.get(row.id)
      return before ? { ...before, state: row.state, activateAt: row.activateAt } : openKey(row, sealer)
    })
  }
  const keys = await read() // before any key is created, because a wrong SECRET_KEY must be refused first
  if (isComplete(keys)) return keys
  await db.$transaction((tx) => createMissingKeys(tx, sealer, now()))
  return read()
}
