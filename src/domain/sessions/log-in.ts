import { v7 as uuidv7 } from 'uuid'
import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { parseAddress } from '../../mail/email-address.ts'
import { HashingLaneFull } from '../../security/hashing-lane.ts'
import type { PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { type Origin, recordEvent, recordEventWithoutChange } from '../events/record-event.ts'
import { assertComparablePassword } from '../password-policy/password-policy.ts'
import { Refusal } from '../problems.ts'
import { guess } from '../throttle/throttle.ts'
import { endSessions } from './end-sessions.ts'
import type { SessionGrant } from './session-grant.ts'
import { type Candidate, compareWithCandidate } from './sign-in-candidate.ts'

/** ASVS 7.1.2: more devices than this sign the oldest one out. */
const MOST_SESSIONS = 20

export interface LogInInput {
  readonly email: string
  readonly password: PlainPassword
  readonly origin: Origin
}

/**
 * Signs a person in on one device. An unknown address and a wrong password do the same work and get the same answer;
 * only the right password learns that the address is not confirmed or the account disabled.
 *
 * @throws {Refusal} invalid_credentials, too_many_attempts, email_not_verified, account_disabled
 */
export async function logIn(deps: Deps, input: LogInInput): Promise<SessionGrant> {
  const { email, password, origin } = input
  assertComparablePassword(password, 'password')
  const address = parseAddress(email)?.address ?? null
  const typed = address ?? email.toLowerCase()
  const { account, fits } = await guess(
    deps,
    { address: typed, origin },
    () => compareWithCandidate(deps, address, password),
    // A password that was only registered clears nothing: it would buy whoever chose it free guesses at the account's.
    (compared) => compared.fits === 'account',
  )
  const refusal = refusalFor(account, fits)
  if (refusal || !account?.passwordHash) {
    const code = refusal ?? 'invalid_credentials'
    const accountId = account?.id ?? null
    const reason = code === 'invalid_credentials' ? whatDidNotFit(account) : code
    await recordFailure(deps, { accountId, addressHash: hashAddress(deps, typed), reason, origin })
    throw new Refusal(code)
  }

  const { id: accountId, passwordHash: proven, credentialVersion } = account
  const upgraded = deps.passwords.isOutdated(proven) ? await hashIfThereIsRoom(deps, password) : null
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const current = await lockAccountRow(tx, accountId)
    // A reset, a revert or a disabling may have been committed while the comparison ran: what was proven is then over.
    if (current?.credentialVersion !== credentialVersion || current.disabledAt) {
      throw new Refusal('invalid_credentials')
    }
    // Two devices at once may both have found the old hash: the first to come upgrades it, and both are signed in.
    const isOutdated = upgraded !== null && current.passwordHash === proven
    if (isOutdated) await tx.account.update({ where: { id: accountId }, data: { passwordHash: upgraded } })
    return startSession(deps, tx, { accountId, credentialVersion, origin, now })
  })
}

function refusalFor(account: Candidate['account'], fits: 'account' | 'registration' | 'nothing') {
  if (fits === 'nothing') return 'invalid_credentials'
  if (fits === 'registration') return 'email_not_verified'
  if (account?.isDisabled) return 'account_disabled'
  return account?.isVerified ? null : 'email_not_verified'
}

/** For Support, who is asked why; the caller is told no more than that they do not fit together. */
function whatDidNotFit(account: Candidate['account']): 'unknown_address' | 'no_password' | 'wrong_password' {
  if (!account) return 'unknown_address'
  return account.passwordHash === null ? 'no_password' : 'wrong_password'
}

/** An upgrade can wait for the next sign-in; whoever has just proven the password must not. */
async function hashIfThereIsRoom(deps: Deps, password: PlainPassword): Promise<PasswordHash | null> {
  return deps.passwords.hash(password).catch((error: unknown) => {
    if (error instanceof HashingLaneFull) return null
    throw error
  })
}

async function recordFailure(
  deps: Deps,
  failure: { accountId: string | null; addressHash: string; reason: string; origin: Origin },
): Promise<void> {
  await recordEventWithoutChange(deps, {
    type: 'login',
    outcome: 'failure',
    at: deps.clock.now(),
    accountId: failure.accountId,
    actor: 'anonymous',
    origin: failure.origin,
    details: { reason: failure.reason, addressHash: failure.addressHash },
  })
}

async function startSession(
  deps: Deps,
  tx: Transaction,
  input: { accountId: string; credentialVersion: number; origin: Origin; now: Date },
): Promise<SessionGrant> {
  const { accountId, credentialVersion, origin, now } = input
  const sessionId = uuidv7()
  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.refreshToken * 1000)
  const times = { createdAt: now, rotatedAt: now, authenticatedAt: now, lastSeenAt: now, expiresAt }
  const { ip, userAgent } = origin
  await tx.session.create({ data: { id: sessionId, accountId, credentialVersion, ip, userAgent, ...times } })
  await endOldestSessions(tx, accountId, now)
  await recordEvent(tx, { type: 'login', at: now, accountId, sessionId, origin })
  return { sessionId, accountId, credentialVersion, authenticatedAt: now, expiresAt, refreshCounter: 1, now }
}

async function endOldestSessions(tx: Transaction, accountId: string, now: Date): Promise<void> {
  const tooMany = await tx.session.findMany({
    where: { accountId, endedAt: null, expiresAt: { gt: now } },
    orderBy: { createdAt: 'desc' },
    skip: MOST_SESSIONS,
    select: { id: true },
  })
  for (const { id } of tooMany) await endSessions(tx, { accountId, only: id, reason: 'too_many_sessions', now })
}
