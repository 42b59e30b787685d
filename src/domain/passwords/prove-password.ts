import type { Deps } from '../../deps.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import { assertComparablePassword } from '../password-policy/password-policy.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'
import { type ComparedPassword, throttleAttempt } from '../throttle/throttle-attempt.ts'

/**
 * Checks the current password of a signed-in person, as every sensitive change requires: somebody who has stolen an access
 * token does not know the password. Failures count together with those of sign-in.
 *
 * @throws {Refusal} wrong_password, too_many_attempts, unauthenticated; password_policy if the password is longer than any
 *   can be.
 */
export async function provePassword(
  deps: Deps,
  input: { principal: Principal; currentPassword: PlainPassword; origin: Origin },
): Promise<void> {
  const { principal, currentPassword, origin } = input
  assertComparablePassword(currentPassword, 'currentPassword')
  const attempt = { target: { address: principal.address }, origin, sessionId: principal.sessionId }
  const { compared } = await hashInTurn(deps, origin, (place) =>
    throttleAttempt(deps, attempt, {
      compare: () => compareWithCurrent(deps, place, principal.accountId, currentPassword),
      accept: (_compared, clear) => clear(deps.pool),
    }),
  )
  if (compared.isCorrect) return
  await recordEventWithoutChange(deps, {
    type: 'password.proven',
    outcome: 'failure',
    at: deps.clock.now(),
    accountId: principal.accountId,
    sessionId: principal.sessionId,
    origin,
  })
  throw new Refusal('wrong_password')
}

async function compareWithCurrent(
  deps: Deps,
  place: HashingPlace,
  accountId: string,
  password: PlainPassword,
): Promise<ComparedPassword> {
  const account = await deps.db.account.findUnique({ where: { id: accountId }, select: { passwordHash: true } })
  if (!account) throw new Refusal('unauthenticated') // erased since the caller was authenticated
  const stored = deps.passwords.read(account.passwordHash, accountId)
  const isCorrect = stored !== null && (await deps.passwords.matches(place, password, stored))
  return { isCorrect, accountId }
}
