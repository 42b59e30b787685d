import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import { asPasswordHash, MAX_COST, MIN_COST, type PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { REGISTRATION_LIFETIME_SECONDS } from '../registration/register.ts'
import type { ComparedPassword } from '../throttle/throttle-attempt.ts'

/** The account and the newest registration of an address. A password is compared with both. */
export interface Candidate {
  readonly account: {
    readonly id: string
    readonly passwordHash: PasswordHash | null
    readonly credentialVersion: number
    readonly isVerified: boolean
    readonly isDisabled: boolean
  } | null
  readonly registeredHash: PasswordHash | null
  /** The highest cost of any hash that this service would compare, of all accounts and registrations. */
  readonly costliest: number
}

interface Row {
  id: string | null
  password_hash: string | null
  credential_version: number
  is_verified: boolean
  is_disabled: boolean
  registered_hash: string | null
  costliest: number | null
}

/**
 * This is always one statement: a second statement only for existing accounts would take measurable time. It uses
 * `created_at`, not `expires_at`: only registrations of free addresses get a later `expires_at`, so `expires_at` would
 * reveal which addresses are free.
 */
async function findCandidate(deps: Deps, address: NormalizedAddress | null): Promise<Candidate> {
  const since = new Date(deps.clock.now().getTime() - REGISTRATION_LIFETIME_SECONDS * 1000)
  const [row] = await deps.db.$queryRaw<Row[]>`
    SELECT a.id, a.password_hash, a.credential_version, a.email_verified_at IS NOT NULL AS is_verified,
           a.disabled_at IS NOT NULL AS is_disabled, r.password_hash AS registered_hash,
           GREATEST(
             (SELECT max(bcrypt_cost(password_hash)) FROM accounts
              WHERE bcrypt_cost(password_hash) BETWEEN ${MIN_COST} AND ${MAX_COST}),
             (SELECT max(bcrypt_cost(password_hash)) FROM registrations
              WHERE bcrypt_cost(password_hash) BETWEEN ${MIN_COST} AND ${MAX_COST})) AS costliest
    FROM (SELECT ${address ?? ''} AS address) wanted
    LEFT JOIN addresses held ON held.address = wanted.address AND held.locked_at IS NULL
    LEFT JOIN accounts a ON a.id = held.account_id
    LEFT JOIN LATERAL (
      SELECT password_hash FROM registrations
      WHERE address = wanted.address AND created_at > ${since} ORDER BY created_at DESC LIMIT 1
    ) r ON true`
  const account = row?.id
    ? {
        id: row.id,
        passwordHash: deps.passwords.read(row.password_hash, row.id),
        credentialVersion: row.credential_version,
        isVerified: row.is_verified,
        isDisabled: row.is_disabled,
      }
    : null
  return { account, registeredHash: readHash(row?.registered_hash ?? null), costliest: row?.costliest ?? 0 }
}

export interface ComparedCandidate extends ComparedPassword {
  readonly account: Candidate['account']
  /** The owner of the password: the account, an unverified registration, or none. */
  readonly matches: 'account' | 'registration' | 'nothing'
}

/**
 * Compares a password with all that one address may have. A wrong password is always compared twice, whatever there is to
 * compare it with. Otherwise a stranger could register an address, sign in with the password just chosen, and learn from
 * the answer or its time whether the address has an account. A wrong password always takes as long as the most expensive
 * hash of any account (for example an imported hash). Otherwise the time would show which accounts have such a hash.
 */
export async function compareWithCandidate(
  deps: Deps,
  place: HashingPlace,
  input: { address: NormalizedAddress | null; password: PlainPassword },
): Promise<ComparedCandidate> {
  const { account, registeredHash, costliest } = await findCandidate(deps, input.address)
  const hashes = [account?.passwordHash ?? null, registeredHash]
  const index = await deps.passwords.firstMatch(place, input.password, hashes, costliest)
  const matches = (['account', 'registration'] as const)[index] ?? 'nothing'
  // The password of a registration does not clear the counters. Otherwise a stranger could register the address, sign in
  // with that password to clear them, and continue to guess the password of the account.
  return { account, matches, isCorrect: matches === 'account', accountId: account?.id ?? null }
}

function readHash(stored: string | null): PasswordHash | null {
  return stored === null ? null : asPasswordHash(stored)
}
