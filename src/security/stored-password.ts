import { decrypt, encrypt } from './authenticated-encryption.ts'
import type { NamedKeys } from './named-keys.ts'

/**
 * The text of a `password_hash` column, in one of three forms:
 * - `v1$<pepper id>$2b$<cost>$…`: made by this service.
 * - `sealed$<key id>$<account id>$2b$<cost>$<base64url>`: an imported bcrypt hash, encrypted. The database reads the cost.
 * - `$2b$<cost>$…`: an imported hash that is not encrypted yet.
 */
export type PasswordHash = string & { readonly __brand: 'PasswordHash' }

/** A stored password that can be compared with. */
export interface OpenedHash {
  /** Undefined for an imported hash, which was made without a pepper. */
  readonly pepper: Buffer | undefined
  readonly cost: number
  readonly bcryptHash: string
}

/** bcrypt does not define lower costs. */
export const MIN_COST = 4
/** A hash of cost 16 would occupy a place in the hashing lane for more than three seconds. */
export const MAX_COST = 15

const BCRYPT = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/
const PEPPERED = /^v1\$([^$]+)(\$2b\$.*)$/
const SEALED = /^sealed\$([^$]+)\$([^$]+)\$2b\$(\d\d)\$([A-Za-z0-9_-]+)$/

/** Null if the text is not a password hash that this service would compare with. */
export function asPasswordHash(text: string): PasswordHash | null {
  return costOf(text) === null ? null : (text as PasswordHash)
}

/** A bcrypt hash of another system; null for anything else, also for a hash that names a pepper. */
export function asImportedHash(text: string): PasswordHash | null {
  return isUnsealedImport(text) ? asPasswordHash(text) : null
}

/** The bcrypt cost of a stored password; null if the text is damaged or the cost is out of range. */
export function costOf(text: string): number | null {
  const sealed = SEALED.exec(text)
  const bcryptHash = PEPPERED.exec(text)?.[2] ?? text
  const cost = Number(sealed?.[3] ?? BCRYPT.exec(bcryptHash)?.[1])
  return cost >= MIN_COST && cost <= MAX_COST ? cost : null
}

export function isImported(stored: PasswordHash): boolean {
  return stored.startsWith('sealed$') || isUnsealedImport(stored)
}

export function isUnsealedImport(stored: string): boolean {
  return stored.startsWith('$2')
}

/** Whether a sealed hash was made for an account other than the one whose row contains it. */
export function belongsToAnother(stored: PasswordHash, accountId: string): boolean {
  const sealed = SEALED.exec(stored)
  return sealed !== null && sealed[2] !== accountId
}

/**
 * Encrypts an imported bcrypt hash. It has no pepper, so without encryption a reader of the database could guess the
 * password, very fast if the cost is low. It can be decrypted only for its own account.
 */
export function sealImportedHash(keys: NamedKeys, imported: PasswordHash, accountId: string): PasswordHash {
  const { id, key } = keys.current()
  const [, cost] = BCRYPT.exec(imported) ?? []
  if (cost === undefined) throw new TypeError('Only an imported bcrypt hash can be sealed.')
  const sealed = encrypt(key, Buffer.from(imported), sealingContext(accountId)).toString('base64url')
  return `sealed$${id}$${accountId}$2b$${cost}$${sealed}` as PasswordHash
}

/**
 * Opens a stored hash for a comparison; null if it is damaged, or names a pepper or a key that the service does not
 * have.
 */
export function openStoredHash(
  stored: PasswordHash,
  { peppers, importKeys }: { peppers: NamedKeys; importKeys: NamedKeys },
): OpenedHash | null {
  const peppered = PEPPERED.exec(stored)
  if (peppered) {
    const pepper = peppers.find(peppered[1] ?? '')
    return pepper === undefined ? null : opened(peppered[2] ?? '', pepper)
  }
  const sealed = SEALED.exec(stored)
  if (!sealed) return opened(stored, undefined)
  const [, keyId = '', accountId = '', , bytes = ''] = sealed
  const imported = unseal(importKeys.find(keyId), bytes, accountId)
  return imported === null ? null : opened(imported, undefined)
}

function opened(bcryptText: string, pepper: Buffer | undefined): OpenedHash | null {
  const [, digits, rest] = BCRYPT.exec(bcryptText) ?? []
  const cost = costOf(bcryptText)
  if (cost === null) return null
  // `2a`, `2b` and `2y` name one algorithm. The library does not know `2y`, and miscounts long passwords under `2a`.
  return { pepper, cost, bcryptHash: `$2b$${digits}$${rest}` }
}

function unseal(key: Buffer | undefined, bytes: string, accountId: string): string | null {
  if (key === undefined) return null
  try {
    return decrypt(key, Buffer.from(bytes, 'base64url'), sealingContext(accountId)).toString()
  } catch {
    return null // altered: this account has no password, and every other account is unaffected
  }
}

function sealingContext(accountId: string): string {
  return `imported password of ${accountId}`
}
