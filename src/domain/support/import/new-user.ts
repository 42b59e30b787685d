import { v7 as uuidv7 } from 'uuid'
import type { Deps } from '../../../deps.ts'
import type { NormalizedAddress } from '../../../mail/email-address.ts'
import { asImportedHash, type PasswordHash } from '../../../security/password-hash.ts'
import { hashWithoutPurpose } from '../../addresses/address-hashes.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { Refusal } from '../../problems.ts'
import { parseTime } from '../../times.ts'

/** An account as Support or another system describes it. */
export interface NewUserInput {
  readonly email: string
  readonly passwordHash?: string
  /** Somebody has already proven that the address is this person's. */
  readonly emailVerified?: boolean
  readonly disabled?: boolean
  /** RFC 3339; when the account was made where it comes from. */
  readonly createdAt?: string
}

/** One that has been found in order. */
export interface NewUser {
  readonly id: string
  readonly email: string
  readonly address: NormalizedAddress
  readonly passwordHash: PasswordHash | null
  readonly emailVerified: boolean
  readonly disabled: boolean
  readonly createdAt: Date
  /** Recognises the same description when it comes again, whatever has become of the account. */
  readonly fingerprint: string
  /** What version 0.1 recorded as the fingerprint of the same description. */
  readonly formerFingerprints: readonly string[]
}

/** No account of any service is older. */
const EARLIEST = new Date(0)

/**
 * Checks the description of a new account. A hash of a cost that would hold the hashing lane for seconds, or of another
 * scheme, is refused here and never compared with anything.
 *
 * @throws {Refusal} invalid_email, invalid_password_hash, invalid_request (createdAt)
 */
export function checkNewUser(deps: Pick<Deps, 'keys'>, input: NewUserInput, now: Date): NewUser {
  const { email, address } = requireAddress(input.email, 'email')
  const { emailVerified = false, disabled = false } = input
  const passwordHash = input.passwordHash === undefined ? null : requireImportedHash(input.passwordHash)
  const createdAt = input.createdAt === undefined ? null : requirePast(input.createdAt, now)
  const description = JSON.stringify([email, passwordHash, emailVerified, disabled, createdAt?.getTime() ?? null])
  return {
    id: uuidv7(),
    email,
    address,
    passwordHash,
    emailVerified,
    disabled,
    createdAt: createdAt ?? now,
    fingerprint: deps.keys.keyedHash('imported account', description),
    formerFingerprints: deps.keys.addressHashKeys().map((key) => hashWithoutPurpose(key, `import ${description}`)),
  }
}

function requireImportedHash(text: string): PasswordHash {
  const hash = asImportedHash(text)
  if (!hash) {
    const message = 'A bcrypt hash ($2a$, $2b$ or $2y$) of a cost from 4 to 15.'
    throw new Refusal('invalid_password_hash', { violations: [{ field: 'passwordHash', rule: 'bcrypt', message }] })
  }
  return hash
}

function requirePast(text: string, now: Date): Date {
  const time = parseTime(text)
  if (!time || time < EARLIEST || time > now) {
    const message = 'An RFC 3339 time between 1970 and now.'
    throw new Refusal('invalid_request', { violations: [{ field: 'createdAt', rule: 'past', message }] })
  }
  return time
}
