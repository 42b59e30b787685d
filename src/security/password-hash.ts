import { createHmac } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { HashingPlace } from './hashing-lane.ts'
import { MAX_PASSWORD_LENGTH, type PlainPassword } from './plain-password.ts'

/** `v1$<pepper id>$2b$<cost>$…`, or the bare bcrypt string of an import. */
export type PasswordHash = string & { readonly __brand: 'PasswordHash' }

export interface Peppers {
  current(): { id: string; key: Buffer }
  find(id: string): Buffer | undefined
}

export interface Passwords {
  hash(place: HashingPlace, password: PlainPassword): Promise<PasswordHash>
  /** Null stands for "no such account" or "no password set" and costs what a real comparison costs. */
  matches(place: HashingPlace, password: PlainPassword, stored: PasswordHash | null): Promise<boolean>
  /**
   * The index of the first hash that the password matches, or -1. A password that matches none costs as many real
   * comparisons as there are entries, each at the configured cost, or at `costliest` if that is higher.
   */
  firstMatch(
    place: HashingPlace,
    password: PlainPassword,
    stored: ReadonlyArray<PasswordHash | null>,
    costliest?: number,
  ): Promise<number>
  /** Whether the next sign-in should store a new hash: an import, another cost or an older pepper. */
  isOutdated(stored: PasswordHash): boolean
}

const STORED = /^(?:v1\$([^$]+))?\$2[aby]\$(\d\d)(\$[./A-Za-z0-9]{53})$/
/** A lower cost is not bcrypt. */
export const MIN_COST = 4
/** A hash of a higher cost would hold a core for seconds, so it is never compared. */
export const MAX_COST = 15

/**
 * bcrypt(base64(HMAC-SHA-384(pepper, password))), the form of OWASP's Password Storage Cheat Sheet: 64 characters, so
 * bcrypt's cut at 72 bytes never bites; no NUL; and a stolen table cannot be guessed against without the pepper.
 * Every call needs a place in the hashing lane. A flow takes one place for everything that belongs together, so that no
 * request is admitted and then refused half-way.
 */
export function createPasswords(options: { cost: number; peppers: Peppers }): Passwords {
  const { cost, peppers } = options

  async function compare(password: PlainPassword, stored: PasswordHash | null, fullCost: number): Promise<boolean> {
    const parsed = parse(stored)
    if (!parsed) return bcrypt.compare(password.reveal(), decoy(fullCost)).then(() => false)
    const secret = parsed.pepperId === undefined ? password.reveal() : peppered(password, peppers.find(parsed.pepperId))
    const matches = await bcrypt.compare(secret, parsed.bcryptHash)
    if (!matches) await payTheDifference(parsed.cost, fullCost)
    return matches
  }

  /**
   * A wrong password against a hash of cost 10 would answer sooner than an unknown address at cost 12, and so say
   * that there is an account. 2^c + (2^c + 2^(c+1) + … + 2^(C-1)) = 2^C: comparing once at each cost in between adds up.
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
    const fullCost = Math.max(cost, costliest)
    // bcrypt counts a `2a` key's length modulo 256: longer input than a password may have is never compared.
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
    matches: async (place, password, stored) => (await firstMatch(place, password, [stored])) === 0,
    firstMatch,
    isOutdated(stored) {
      const parsed = parse(stored)
      return parsed === null || parsed.cost !== cost || parsed.pepperId !== peppers.current().id
    },
  }
}

/** Null where the text is not a hash this service would verify; a cost above 15 would hold the lane for seconds. */
export function asPasswordHash(text: string): PasswordHash | null {
  const cost = Number(STORED.exec(text)?.[2])
  return cost >= MIN_COST && cost <= MAX_COST ? (text as PasswordHash) : null
}

/** A bare bcrypt string from another system: one that names a pepper would not be from another. */
export function asImportedHash(text: string): PasswordHash | null {
  return text.startsWith('$2') ? asPasswordHash(text) : null
}

function parse(stored: PasswordHash | null): { pepperId: string | undefined; cost: number; bcryptHash: string } | null {
  const match = stored === null ? null : STORED.exec(stored)
  if (!match) return null
  // `2a`, `2b` and `2y` name one algorithm; the library does not know `2y` and miscounts long keys under `2a`.
  return { pepperId: match[1], cost: Number(match[2]), bcryptHash: `$2b$${match[2]}${match[3]}` }
}

function peppered(password: PlainPassword, pepper: Buffer | undefined): string {
  if (!pepper) throw new Error('a stored password names a pepper that this service does not have')
  return createHmac('sha384', pepper).update(password.reveal(), 'utf8').digest('base64')
}

/** A well-formed hash that no password fits: comparing with it takes exactly as long as with a real one. */
function decoy(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}
