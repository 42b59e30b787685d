import { inTransaction } from '../../database/client.ts'
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
import { provePassword } from './prove-password.ts'

/**
 * Changes the password of a signed-in person. This session goes on under new tokens (ASVS 7.2.4); its old ones, every
 * other session and every mailed link but the revert links are dead at once.
 *
 * @throws {Refusal} wrong_password, too_many_attempts, password_policy
 */
export async function changePassword(
  deps: Deps,
  input: { principal: Principal; currentPassword: PlainPassword; newPassword: PlainPassword; origin: Origin },
): Promise<SessionGrant> {
  const { principal, currentPassword, newPassword, origin } = input
  const { accountId, sessionId, email, address } = principal
  assertComparablePassword(newPassword, 'newPassword') // before anything is hashed
  await provePassword(deps, { principal, currentPassword, origin })
  await assertAcceptablePassword(deps, newPassword, 'newPassword', {
    email,
    isCurrent: newPassword.reveal() === currentPassword.reveal(),
  })
  const passwordHash = await hashInTurn(deps, origin, (place) => deps.passwords.hash(place, newPassword))
  const now = deps.clock.now()

  return inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, accountId)
    // Of two changes at once the second proved a password that is no longer the one. The number says so, not the hash:
    // a sign-in elsewhere may have replaced that by a costlier one of the same password.
    if (account?.credentialVersion !== principal.credentialVersion) throw new Refusal('unauthenticated')
    await tx.account.update({ where: { id: accountId }, data: { passwordHash, passwordChangedAt: now } })
    await endAccess(tx, { accountId, reason: 'password_changed', survivingSessionId: sessionId, now })
    const session = await tx.session.findUniqueOrThrow({ where: { id: sessionId } })
    if (session.endedAt) throw new Refusal('unauthenticated') // revoked from another device meanwhile
    const refreshCounter = session.refreshCounter + 1
    // The floor leaves no grace to the tokens before: whoever holds one may be why the password is being changed.
    const renewed = {
      refreshCounter,
      refreshFloor: refreshCounter,
      rotatedAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
    }
    const { credentialVersion, expiresAt } = await tx.session.update({ where: { id: sessionId }, data: renewed })
    await recordEvent(tx, { type: 'password.changed', at: now, accountId, sessionId, origin })
    await queueMail(tx, { request: 'password_changed', to: { email, address }, accountId, origin, now })
    return { sessionId, accountId, credentialVersion, authenticatedAt: now, expiresAt, refreshCounter, now }
  })
}
