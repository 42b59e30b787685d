import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { assertAcceptablePassword } from '../password-policy/judge-password.ts'
import { assertComparablePassword } from '../password-policy/password-policy.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { endAccess } from '../sessions/end-access.ts'
import type { SessionGrant } from '../sessions/session-grant.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'
import { compareWithEarlier } from './compare-with-earlier.ts'
import { provePassword } from './prove-password.ts'
import { consumeReauthentication, requireReauthentication } from './reauthentication.ts'

export interface ChangePasswordInput {
  readonly principal: Principal
  /** Exactly one of these two shows that the person has just typed the current password. */
  readonly currentPassword?: PlainPassword
  readonly reauthToken?: string
  readonly newPassword: PlainPassword
  readonly origin: Origin
}

/**
 * Changes the password of a signed-in person. This session continues with new tokens (ASVS 7.2.4). Its old tokens, every
 * other session and every mailed link except revert links stop working at once. A refused change does not consume the
 * reauthentication token.
 *
 * @throws {Refusal} reauthentication_required, wrong_password, too_many_attempts, password_policy, unauthenticated;
 *   invalid_request if both proofs are given.
 */
export async function changePassword(deps: Deps, input: ChangePasswordInput): Promise<SessionGrant> {
  const { principal, currentPassword, reauthToken, newPassword, origin } = input
  const { accountId, sessionId, address } = principal
  const { email } = principal.account
  assertOneProof(input)
  assertComparablePassword(newPassword, 'newPassword') // before anything is hashed
  if (currentPassword) await provePassword(deps, { principal, currentPassword, origin })
  else await requireReauthentication(deps.db, { principal, reauthToken, now: deps.clock.now() })
  const account = await deps.db.account.findUnique({ where: { id: accountId } })
  const comparison = await compareWithEarlier(deps, { account, newPassword, origin })
  await assertAcceptablePassword(deps, newPassword, 'newPassword', { email, ...comparison })
  const passwordHash = await hashInTurn(deps, origin, (place) => deps.passwords.hash(place, newPassword))
  const now = deps.clock.now()

  return inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, accountId)
    // If two changes run at once, the password that the second one proved is already old. Compare the version, not the
    // hash: a sign-in may store a new hash of the same password.
    if (account?.credentialVersion !== principal.credentialVersion) throw new Refusal('unauthenticated')
    const provenAt = currentPassword ? now : await consumeReauthentication(tx, { principal, reauthToken, now })
    await tx.account.update({ where: { id: accountId }, data: { passwordHash, passwordChangedAt: now } })
    await endAccess(tx, { accountId, reason: 'password_changed', survivingSessionId: sessionId, now })
    const session = await renewSession(tx, { sessionId, provenAt, now })
    await recordEvent(tx, { type: 'password.changed', at: now, accountId, sessionId, origin })
    await queueMail(tx, { request: 'password_changed', to: { email, address }, accountId, origin, now })
    return { ...session, sessionId, accountId, authenticatedAt: provenAt, now }
  })
}

function assertOneProof({ currentPassword, reauthToken }: ChangePasswordInput): void {
  if (currentPassword === undefined || reauthToken === undefined) return
  const message = 'Send either currentPassword or reauthToken.'
  throw new Refusal('invalid_request', { violations: [{ field: 'reauthToken', rule: 'exclusive', message }] })
}

/** The floor refuses the earlier refresh tokens at once, without a grace period: their holder may be a thief. */
async function renewSession(
  tx: Transaction,
  input: { sessionId: string; provenAt: Date; now: Date },
): Promise<Pick<SessionGrant, 'credentialVersion' | 'expiresAt' | 'refreshCounter'>> {
  const { sessionId, provenAt, now } = input
  const session = await tx.session.findUniqueOrThrow({ where: { id: sessionId } })
  if (session.endedAt) throw new Refusal('unauthenticated') // revoked from another device in the meantime
  const refreshCounter = session.refreshCounter + 1
  return tx.session.update({
    where: { id: sessionId },
    data: {
      refreshCounter,
      refreshFloor: refreshCounter,
      rotatedAt: now,
      authenticatedAt: provenAt,
      lastSeenAt: now,
    },
    select: { credentialVersion: true, expiresAt: true, refreshCounter: true },
  })
}
