import { createHmac } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { HashingPlace } from './hashing/hashing-lane.ts'
import type { NamedKeys } from './named-keys.ts'
import { MAX_PASSWORD_LENGTH, type PlainPassword } from './plain-password.ts'
import {
  asPasswordHash,
  belongsToAnother,
  costOf,
  isImported,
  MAX_COST,
  openStoredHash,
  type PasswordHash,
  sealImportedHash,
} from './stored-password.ts'

export { asImportedHash, asPasswordHash, MAX_COST, MIN_COST, type PasswordHash } from './stored-password.ts'

export interface Passwords {
  hash(place: HashingPlace, password: PlainPassword): Promise<PasswordHash>
  /** Reads an account's `password_hash`. Null if there is none, or none that a password can be compared with. */
  read(stored: string | null, accountId: string): PasswordHash | null
  /** Null means "no such account" or "no password set". It takes as long as a real comparison. */
  matches(place: HashingPlace, password: PlainPassword, stored: PasswordHash | null): Promise<boolean>
  /**
   * The index of the first hash that the password matches, or -1. If none matches, there are as many real comparisons
   * as there are entries, at the configured cost or at `costliest`, whichever is higher. A `costliest` that no stored
   * hash may have is ignored.
   */
  firstMatch(
    place: HashingPlace,
    password: PlainPassword,
    stored: ReadonlyArray<PasswordHash | null>,
    costliest?: number,
  ): Promise<number>
  /** Whether a new hash should be stored: the current one is imported, has another cost, or has an older pepper. */
  isOutdated(stored: PasswordHash): boolean
  /**
   * Whether the password that has just matched may replace the stored hash. bcrypt ignores what follows the 72nd byte, so
   * a longer password matches an imported hash whatever its end is, and must not become the account's password.
   */
  mayUpgrade(stored: PasswordHash, password: PlainPassword): boolean
  /** Encrypts a bcrypt hash of another system for this account. */
  sealImported(imported: PasswordHash, accountId: string): PasswordHash
}

const BCRYPT_INPUT_BYTES = 72

/**
 * bcrypt(base64(HMAC-SHA-384(pepper, password))), the form of OWASP's Password Storage Cheat Sheet. The input of bcrypt
 * has 64 characters, so it is never cut at 72 bytes; it has no NUL; and passwords in a stolen table cannot be guessed
 * without the pepper. Every call needs a place in the hashing lane. Calls that follow each other without a
 * statement between them share one place.
 *
 * A stored hash that cannot be used (it is damaged, its cost is out of range, or its pepper is lost) counts as "no
 * password". Such a row therefore affects only its own account.
 */
export function createPasswords(options: { cost: number; peppers: NamedKeys; importKeys: NamedKeys }): Passwords {
  const { cost, peppers, importKeys } = options

  async function compare(password: PlainPassword, stored: PasswordHash | null, fullCost: number): Promise<boolean> {
    const opened = stored === null ? null : openStoredHash(stored, { peppers, importKeys })
    const forms = password.revealForms()
    const candidates = opened?.pepper ? [peppered(password, opened.pepper)] : forms
    for (const candidate of opened ? candidates : []) {
      if (await bcrypt.compare(candidate, opened?.bcryptHash ?? '')) return true
      await payTheDifference(opened?.cost ?? fullCost, fullCost)
    }
    // Every account takes as many comparisons as an imported one. Otherwise the time would reveal which accounts are
    // imported.
    for (let made = opened ? candidates.length : 0; made < forms.length; made += 1) {
      await bcrypt.compare(password.reveal(), decoy(fullCost))
    }
    return false
  }

  /**
   * Without this, a wrong password for a hash of cost 10 would be refused sooner than an unknown address at cost 12,
   * and the time would reveal that there is an account. 2^c + (2^c + 2^(c+1) + … + 2^(C-1)) = 2^C, so one comparison at
   * each cost in between makes up the difference.
   */
  async function payTheDifference(paidCost: number, fullCost: number): Promise<void> {
    for (let missing = paidCost; missing < fullCost; missing += 1) {
      await bcrypt.compare('', decoy(missing))
    }
  }

  async function firstMatch(
    place: HashingPlace,
    password: PlainPassword,
    stored: ReadonlyArray<PasswordHash | null>,
    costliest = cost,
  ): Promise<number> {
    const fullCost = costliest > MAX_COST ? cost : Math.max(cost, costliest)
    // bcrypt counts a `2a` key's length modulo 256, so input that is longer than a password may be is never compared.
    if (password.length > MAX_PASSWORD_LENGTH) return -1
    return place.use(async () => {
      for (const [index, hash] of stored.entries()) if (await compare(password, hash, fullCost)) return index
      return -1
    })
  }

  return {
    async hash(place, password) {
      const pepper = peppers.current()
      const bcryptHash = await place.use(() => bcrypt.hash(peppered(password, pepper.key), cost))
      return `v1$${pepper.id}${bcryptHash}` as PasswordHash
    },
    read(stored, accountId) {
      const hash = stored === null ? null : asPasswordHash(stored)
      if (hash === null || belongsToAnother(hash, accountId)) return null
      return openStoredHash(hash, { peppers, importKeys }) === null ? null : hash
    },
    matches: async (place, password, stored) => (await firstMatch(place, password, [stored])) === 0,
    firstMatch,
    isOutdated: (stored) => costOf(stored) !== cost || !stored.startsWith(`v1$${peppers.current().id}$`),
    mayUpgrade: (stored, password) =>
      !isImported(stored) ||
      password.revealForms().every((form) => Buffer.byteLength(form, 'utf8') <= BCRYPT_INPUT_BYTES),
    sealImported: (imported, accountId) => sealImportedHash(importKeys, imported, accountId),
  }
}

function peppered(password: PlainPassword, pepper: Buffer): string {
  return createHmac('sha384', pepper).update(password.reveal(), 'utf8').digest('base64')
}

/** A well-formed hash that no password matches. Comparing with it takes exactly as long as comparing with a real one. */
function decoy(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}
