import { inTransaction } from '../../database/client.ts'
import { lockKeys } from '../../database/row-locks.ts'
import { SECRET_KEY_LEAD_SECONDS } from '../../keys/key-lifetimes.ts'
import { createSecretKey } from '../../keys/key-rows.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import type { KeyDeps } from './rotate-signing-key.ts'

export interface SecretRotation {
  readonly id: string
  readonly purpose: 'refresh_token' | 'password_pepper'
  /** When every process uses the new key. */
  readonly activatesAt: Date
  readonly isActive: boolean
}

/**
 * Creates a new refresh token key or pepper, which is used after one minute, when every process has read it. Tokens and
 * hashes that the old key made stay valid: refresh tokens until their sessions expire, password hashes until the next
 * sign-in replaces them. `advanceSecretKeys` deletes the old key after that.
 *
 * `isCompromised` is for refresh tokens only. It deletes the old keys at once, so that every refresh token stops
 * working and every person has to sign in again. A pepper cannot be deleted like this: no password would work any more.
 */
export async function rotateSecretKey(
  deps: KeyDeps,
  input:
    | { readonly purpose: 'refresh_token'; readonly isCompromised: boolean; readonly by: Requester }
    | { readonly purpose: 'password_pepper'; readonly isCompromised: false; readonly by: Requester },
): Promise<SecretRotation> {
  const { purpose, isCompromised, by } = input
  const { sealer } = deps.keys
  const now = deps.clock.now()
  const activatesAt = isCompromised ? now : new Date(now.getTime() + SECRET_KEY_LEAD_SECONDS * 1000)
  return inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    // A key that is still `next` has made nothing yet, unless it is due: then some processes use it already.
    const replaced = isCompromised ? { purpose } : { purpose, state: 'next', activateAt: { gt: now } }
    await tx.key.deleteMany({ where: replaced })
    const id = await createSecretKey(
      tx,
      isCompromised ? { purpose, sealer, now } : { purpose, sealer, now, activateAt: activatesAt },
    )
    const details = { purpose, key: id, isCompromised }
    await recordEvent(tx, { type: 'secret_key.rotated', at: now, ...by, details })
    return { id, purpose, activatesAt, isActive: isCompromised }
  })
}
