import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import { asPasswordHash, type PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { REGISTRATION_LIFETIME_SECONDS } from '../registration/register.ts'

/** What a password may be compared with for one address: its account, and whatever was last registered for it. */
export interface Candidate {
  readonly account: {
    readonly id: string
    readonly passwordHash: PasswordHash | null
    readonly credentialVersion: number
    readonly isVerified: boolean
    readonly isDisabled: boolean
  } | null
  readonly registeredHash: PasswordHash | null
  /** The cost of the costliest hash of any account or registration. */
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
 * One statement, whatever there is: an ORM's second query for an account that exists would tell by time. A registration
 * counts for a fixed time from when it was made, since only that of a free address is ever lengthened.
 */
async function findCandidate(deps: Deps, address: NormalizedAddress | null): Promise<Candidate> {
  const since = new Date(deps.clock.now().getTime() - REGISTRATION_LIFETIME_SECONDS * 1000)
  const [row] = await deps.db.$queryRaw<Row[]>`
    SELECT a.id, a.password_hash, a.credential_version, a.email_verified_at IS NOT NULL AS is_verified,
           a.disabled_at IS NOT NULL AS is_disabled, r.password_hash AS registered_hash,
           GREATEST((SELECT max(bcrypt_cost(password_hash)) FROM accounts),
                    (SELECT max(bcrypt_cost(password_hash)) FROM registrations)) AS costliest
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
        passwordHash: readHash(row.password_hash),
        credentialVersion: row.credential_version,
        isVerified: row.is_verified,
        isDisabled: row.is_disabled,
      }
    : null
  return { account, registeredHash: readHash(row?.registered_hash ?? null), costliest: row?.costliest ?? 0 }
}

/**
 * What the password fits. A wrong one is compared twice, whatever there is to compare it with: whoever registers an
 * address and signs in with the password just chosen would otherwise be told by the answer, or by its time, that the
 * address has an account. And always at the price of the costliest hash there is (imported so, or made before
 * BCRYPT_COST was lowered), or the time would tell the accounts that have such a one.
 */
export async function compareWithCandidate(
  deps: Deps,
  address: NormalizedAddress | null,
  password: PlainPassword,
): Promise<{ account: Candidate['account']; fits: 'account' | 'registration' | 'nothing' }> {
  const candidate = await findCandidate(deps, address)
  const stored = [candidate.account?.passwordHash ?? null, candidate.registeredHash]
  const place = await deps.passwords.firstMatch(password, stored, candidate.costliest)
  return { account: candidate.account, fits: (['account', 'registration'] as const)[place] ?? 'nothing' }
}

function readHash(stored: string | null): PasswordHash | null {
  return stored === null ? null : asPasswordHash(stored)
}
