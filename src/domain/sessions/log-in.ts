import { v7 as uuidv7 } from 'uuid'
import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { asPasswordHash, type PasswordHash } from '../../security/password-hash.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { type NormalizedAddress, parseAddress } from '../accounts/email-address.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { type Origin, recordEvent } from '../events.ts'
import { assertComparablePassword } from '../passwords/password-policy.ts'
import { Refusal } from '../problems.ts'
import { countAttempt, forgetAttempts } from '../throttle.ts'
import { endSessions } from './end-sessions.ts'
import type { SessionGrant } from './session-grant.ts'

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
  const attempt = await countAttempt(deps, address ?? email.toLowerCase(), origin)
  const candidate = await findCandidate(deps, address)

  if (!(await deps.passwords.matches(password, candidate.passwordHash))) {
    await recordFailure(deps, { candidate, addressHash: attempt.addressHash, reason: 'wrong_password', origin })
    throw new Refusal('invalid_credentials')
  }
  await forgetAttempts(deps, attempt)
  const refusal = refusalAfterTheRightPassword(candidate)
  if (refusal || candidate.accountId === null || candidate.passwordHash === null) {
    const code = refusal ?? 'invalid_credentials'
    await recordFailure(deps, { candidate, addressHash: attempt.addressHash, reason: code, origin })
    throw new Refusal(code)
  }

  const { accountId, passwordHash: proven } = candidate
  const upgraded = deps.passwords.isOutdated(proven) ? await deps.passwords.hash(password) : null
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const account = await lockAccount(tx, accountId)
    // A reset may have been committed while the comparison ran: the password that was proven must still be the one.
    if (account?.passwordHash !== proven || account.disabledAt) throw new Refusal('invalid_credentials')
    if (upgraded) await tx.account.update({ where: { id: accountId }, data: { passwordHash: upgraded } })
    return startSession(deps, tx, { accountId, credentialVersion: account.credentialVersion, origin, now })
  })
}

interface Candidate {
  readonly accountId: string | null
  readonly passwordHash: PasswordHash | null
  readonly isVerified: boolean
  readonly isDisabled: boolean
}

/** The account of an address, else its newest registration; always the same two reads, whatever there is. */
async function findCandidate(deps: Deps, address: NormalizedAddress | null): Promise<Candidate> {
  const holder = await deps.db.address.findFirst({
    where: { address: address ?? '', lockedAt: null },
    select: { account: { select: { id: true, passwordHash: true, emailVerifiedAt: true, disabledAt: true } } },
  })
  const registration = await deps.db.registration.findFirst({
    where: { address: address ?? '', expiresAt: { gt: deps.clock.now() } },
    orderBy: { createdAt: 'desc' },
    select: { passwordHash: true },
  })
  const stored = holder?.account ? holder.account.passwordHash : (registration?.passwordHash ?? null)
  return {
    accountId: holder?.account?.id ?? null,
    passwordHash: stored === null ? null : asPasswordHash(stored),
    isVerified: holder?.account?.emailVerifiedAt != null,
    isDisabled: holder?.account?.disabledAt != null,
  }
}

function refusalAfterTheRightPassword(candidate: Candidate): 'account_disabled' | 'email_not_verified' | null {
  if (candidate.isDisabled) return 'account_disabled'
  return candidate.isVerified ? null : 'email_not_verified'
}

async function recordFailure(
  deps: Deps,
  failure: { candidate: Candidate; addressHash: string; reason: string; origin: Origin },
): Promise<void> {
  await recordEvent(deps.db, {
    type: 'login',
    outcome: 'failure',
    at: deps.clock.now(),
    accountId: failure.candidate.accountId,
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
