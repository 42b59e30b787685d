import { readCandidate } from '../../database/sign-in-statements.ts'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import { asPasswordHash, MAX_COST, MIN_COST, type PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { REGISTRATION_LIFETIME_SECONDS } from '../registration/register.ts'
import type { ComparedPassword } from '../throttle/throttle-attempt.ts'
import { secondsBefore } from '../throttle/time.ts'

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

async function findCandidate(deps: Deps, address: NormalizedAddress | null): Promise<Candidate> {
  const row = await readCandidate(deps.pool, {
    address: address ?? '',
    registeredSince: secondsBefore(deps.clock.now(), REGISTRATION_LIFETIME_SECONDS),
    costs: [MIN_COST, MAX_COST],
  })
  const { id, credentialVersion, isVerified, isDisabled, registeredHash, costliest } = row
  const account = id
    ? { id, passwordHash: deps.passwords.read(row.passwordHash, id), credentialVersion, isVerified, isDisabled }
    : null
  return { account, registeredHash: readHash(registeredHash), costliest: costliest ?? 0 }
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
