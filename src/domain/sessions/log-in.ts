import { inHandWrittenTransaction } from '../../database/client.ts'
import { lockCredentials } from '../../database/row-locks.ts'
import { replacePasswordHash } from '../../database/sign-in-statements.ts'
import type { Deps } from '../../deps.ts'
import { parseAddress } from '../../mail/email-address.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import type { PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import { assertComparablePassword } from '../password-policy/password-policy.ts'
import { Refusal } from '../problems.ts'
import { type AttemptTarget, hashTarget } from '../throttle/counters.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'
import { type ClearAttempt, throttleAttempt } from '../throttle/throttle-attempt.ts'
import type { SessionGrant } from './session-grant.ts'
import { type ComparedCandidate, compareWithCandidate } from './sign-in-candidate.ts'
import { startSession } from './start-session.ts'

export interface LogInInput {
  readonly email: string
  readonly password: PlainPassword
  readonly origin: Origin
}

/**
 * Signs a person in on one device. An unknown address and a wrong password cause the same work and get the same answer.
 * Only a request with the correct password learns that the address is not verified or that the account is disabled.
 *
 * @throws {Refusal} invalid_credentials, too_many_attempts, email_not_verified, account_disabled, password_policy
 * @throws {HashingLaneFull} before the first statement.
 */
export async function logIn(deps: Deps, input: LogInInput): Promise<SessionGrant> {
  const { email, password, origin } = input
  assertComparablePassword(password, 'password')
  const address = parseAddress(email)?.address ?? null
  const target: AttemptTarget = address === null ? { typedText: email } : { address }
  const { compared, accepted } = await hashInTurn(deps, origin, (place) =>
    throttleAttempt(
      deps,
      { target, origin },
      {
        compare: () => compareWithCandidate(deps, place, { address, password }),
        accept: async (correct, clear) => {
          const account = provenAccount(correct)
          if (account === null) return clear(deps.pool)
          const upgradedHash = await upgradeHash(deps, place, account, password)
          return startSessionIfUnchanged(deps, { account, upgradedHash, origin, clear })
        },
      },
    ),
  )
  if (accepted) return accepted
  if (provenAccount(compared)) throw new Refusal('invalid_credentials') // they have changed since the comparison
  const refusal = refusalFor(compared)
  await recordFailure(deps, { compared, refusal, addressHash: hashTarget(deps, target), origin })
  throw new Refusal(refusal)
}

type Account = NonNullable<ComparedCandidate['account']>

/** The account that the password belongs to. Null if there is none. */
function provenAccount({ account, matches }: ComparedCandidate): Account | null {
  return matches === 'account' && account?.isVerified && !account.isDisabled ? account : null
}

function refusalFor({ account, matches }: ComparedCandidate) {
  if (matches === 'nothing') return 'invalid_credentials'
  if (matches === 'registration') return 'email_not_verified'
  return account?.isDisabled ? 'account_disabled' : 'email_not_verified'
}

/** The new hash of a correct password whose stored hash is an import, or of another cost or pepper; null otherwise. */
async function upgradeHash(
  deps: Deps,
  place: HashingPlace,
  { passwordHash: stored }: Account,
  password: PlainPassword,
): Promise<PasswordHash | null> {
  if (stored === null || !deps.passwords.isOutdated(stored)) return null
  return deps.passwords.mayUpgrade(stored, password) ? deps.passwords.hash(place, password) : null
}

/**
 * Starts the session in the transaction that clears the attempt.
 *
 * @returns null if a reset or a revert has been committed, or the account disabled, since the password was compared.
 */
async function startSessionIfUnchanged(
  deps: Deps,
  input: { account: Account; upgradedHash: PasswordHash | null; origin: Origin; clear: ClearAttempt },
): Promise<SessionGrant | null> {
  const { account, upgradedHash, origin, clear } = input
  const { id: accountId, credentialVersion, passwordHash } = account
  const now = deps.clock.now()
  return inHandWrittenTransaction(deps.pool, async (connection) => {
    const current = await lockCredentials(connection, accountId)
    await clear(connection)
    if (current?.credentialVersion !== credentialVersion || current.isDisabled) return null
    // Two devices may have compared the same old hash at once. The first one replaces it, and both are signed in.
    if (upgradedHash !== null && current.passwordHash === passwordHash) {
      await replacePasswordHash(connection, accountId, upgradedHash)
    }
    return startSession(deps, connection, { accountId, credentialVersion, origin, now })
  })
}

/** The audit trail has the reason for Support. The caller gets `invalid_credentials` for all of them. */
function reasonFor({ account }: ComparedCandidate): 'unknown_address' | 'no_password' | 'wrong_password' {
  if (!account) return 'unknown_address'
  return account.passwordHash === null ? 'no_password' : 'wrong_password'
}

async function recordFailure(
  deps: Deps,
  failure: {
    compared: ComparedCandidate
    refusal: ReturnType<typeof refusalFor>
    addressHash: string
    origin: Origin
  },
): Promise<void> {
  const { compared, refusal, addressHash, origin } = failure
  await recordEventWithoutChange(deps, {
    type: 'login',
    outcome: 'failure',
    at: deps.clock.now(),
    accountId: compared.accountId,
    actor: 'anonymous',
    origin,
    details: { reason: refusal === 'invalid_credentials' ? reasonFor(compared) : refusal, addressHash },
  })
}
