import { inTransaction } from '../../database/client.ts'
import { keepSessionOpen } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { newOpaqueToken } from '../../security/opaque-token.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import type { Secret } from '../../security/secret.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { provePassword } from './prove-password.ts'

/** For how long a reauthentication allows a sensitive change (ASVS 7.5.1). */
const LIFETIME_SECONDS = 300

/**
 * Checks the current password and returns a token that allows one sensitive change of this session within five minutes.
 *
 * @throws {Refusal} wrong_password, too_many_attempts; unauthenticated if the session has ended in the meantime.
 */
export async function reauthenticate(
  deps: Deps,
  input: { principal: Principal; currentPassword: PlainPassword; origin: Origin },
): Promise<{ reauthToken: Secret; expiresIn: number }> {
  const { principal, origin } = input
  await provePassword(deps, input)
  const { token, hash } = newOpaqueToken()
  const now = deps.clock.now()
  const { accountId, sessionId, credentialVersion } = principal
  await inTransaction(deps.db, async (tx) => {
    if (!(await keepSessionOpen(tx, sessionId))) throw new Refusal('unauthenticated')
    const expiresAt = new Date(now.getTime() + LIFETIME_SECONDS * 1000)
    await tx.reauthentication.create({
      data: { tokenHash: hash, sessionId, accountId, credentialVersion, createdAt: now, expiresAt },
    })
    await recordEvent(tx, { type: 'password.proven', at: now, accountId, sessionId, origin })
  })
  return { reauthToken: token, expiresIn: LIFETIME_SECONDS }
}
