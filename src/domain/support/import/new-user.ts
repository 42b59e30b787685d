import { newId } from '../../../database/new-id.ts'
import type { Deps } from '../../../deps.ts'
import type { EmailAddress, NormalizedAddress } from '../../../mail/email-address.ts'
import { asImportedHash, type PasswordHash } from '../../../security/password-hash.ts'
import { hashWithoutPurpose } from '../../addresses/address-hashes.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { requireLocale } from '../../mails/read-locale.ts'
import { Refusal } from '../../problems.ts'
import { parseTime } from '../../times.ts'

/** An account as Support or another system describes it. */
export interface NewUserInput {
  readonly email: string
  readonly passwordHash?: string
  /** True if the other system has verified the address. */
  readonly emailVerified?: boolean
  readonly disabled?: boolean
  /** RFC 3339: when the account was created in the other system. */
  readonly createdAt?: string
  /** The BCP 47 tag of the language that the person reads mail in. */
  readonly locale?: string
}

/** A new account whose description has been checked. */
export interface NewUser {
  readonly id: string
  readonly email: string
  readonly address: NormalizedAddress
  readonly passwordHash: PasswordHash | null
  readonly emailVerified: boolean
  readonly disabled: boolean
  readonly createdAt: Date
  readonly locale: string | null
  /** Identifies the same description if it is imported again, even if the account has changed since. */
  readonly fingerprint: string
  /** The fingerprint that version 0.1 recorded for the same description. */
  readonly formerFingerprints: readonly string[]
}

/** No account can be older than this. */
const EARLIEST = new Date(0)

/**
 * Checks the description of a new account. A hash of another scheme, or of a cost that would occupy the hashing lane
 * for seconds, is refused here and never compared with anything.
 *
 * @throws {Refusal} invalid_email, invalid_password_hash, invalid_request (createdAt, locale): the code of the first problem,
 *   with the violations of all
 */
export function checkNewUser(deps: Pick<Deps, 'keys'>, input: NewUserInput, now: Date): NewUser {
  const { address: parsed, passwordHash, createdAt, locale, refusals } = readFields(input, now)
  if (!parsed || refusals.length > 0) throw combineRefusals(refusals)
  const { email, address } = parsed
  const { emailVerified = false, disabled = false } = input
  const described = [email, passwordHash, emailVerified, disabled, createdAt?.getTime() ?? null]
  // Without a locale, the fingerprint is the one that versions without locales recorded.
  const description = JSON.stringify(locale === null ? described : [...described, locale])
  return {
    id: newId(),
    email,
    address,
    passwordHash,
    emailVerified,
    disabled,
    createdAt: createdAt ?? now,
    locale,
    fingerprint: deps.keys.keyedHash('imported account', description),
    formerFingerprints: deps.keys.addressHashKeys().map((key) => hashWithoutPurpose(key, `import ${description}`)),
  }
}

/** Lists every problem with the content of the given fields. A missing field is not a problem here. */
export function problemsOfFields(fields: Partial<NewUserInput>, now: Date): readonly Refusal[] {
  return readFields(fields, now).refusals
}

/** One refusal for several problems: it has the code of the first one and the violations of all. */
export function combineRefusals(refusals: readonly Refusal[]): Refusal {
  const violations = refusals.flatMap(({ details }) => details.violations ?? [])
  return new Refusal(refusals[0]?.code ?? 'invalid_request', { violations })
}

interface ReadFields {
  readonly address: EmailAddress | null
  readonly passwordHash: PasswordHash | null
  readonly createdAt: Date | null
  readonly locale: string | null
  readonly refusals: readonly Refusal[]
}

/** Reads every field before anything is refused, so that all problems are reported at once. */
function readFields({ email, passwordHash, createdAt, locale }: Partial<NewUserInput>, now: Date): ReadFields {
  const refusals: Refusal[] = []
  function read<Value>(text: string | undefined, require: (text: string) => Value): Value | null {
    if (text === undefined) return null
    try {
      return require(text)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusals.push(error)
      return null
    }
  }
  return {
    address: read(email, (text) => requireAddress(text, 'email')),
    passwordHash: read(passwordHash, requireImportedHash),
    createdAt: read(createdAt, (text) => requirePast(text, now)),
    locale: read(locale, requireLocale),
    refusals,
  }
}

function requireImportedHash(text: string): PasswordHash {
  const hash = asImportedHash(text)
  if (!hash) {
    const message = 'The hash must be a bcrypt hash ($2a$, $2b$ or $2y$) with a cost from 4 to 15.'
    throw new Refusal('invalid_password_hash', { violations: [{ field: 'passwordHash', rule: 'bcrypt', message }] })
  }
  return hash
}

function requirePast(text: string, now: Date): Date {
  const time = parseTime(text)
  if (!time || time < EARLIEST || time > now) {
    const message = 'The time must be an RFC 3339 time between 1970 and now.'
    throw new Refusal('invalid_request', { violations: [{ field: 'createdAt', rule: 'past', message }] })
  }
  return time
}
