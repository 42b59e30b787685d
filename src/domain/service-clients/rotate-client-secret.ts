import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newClientSecret } from '../../security/client-secret.ts'
import type { Secret } from '../../security/secret.ts'
import { recordEvent } from '../events/record-event.ts'
import { BY_SYSTEM, type Requester } from '../events/requester.ts'

export interface RotatedSecret {
  readonly clientId: string
  readonly clientSecret: Secret<'client-secret'>
  /** Until when the old one still works. */
  readonly previousSecretExpiresAt: Date
}

/**
 * Gives a client a new secret. The one it had works on for `overlapSeconds`, so that its machines can be changed one
 * after the other; one that has leaked gets no overlap. The one before that is dead: two at a time, never three.
 *
 * @returns null where there is no such client, or it is disabled.
 */
export async function rotateClientSecret(
  deps: Pick<Deps, 'db' | 'clock'>,
  input: { clientId: string; overlapSeconds: number; by?: Requester },
): Promise<RotatedSecret | null> {
  const { clientId, overlapSeconds, by = BY_SYSTEM } = input
  const { secret, hash } = newClientSecret()
  const now = deps.clock.now()
  const expiresAt = new Date(now.getTime() + overlapSeconds * 1000)
  const hasRotated = await inTransaction(deps.db, async (tx) => {
    const rotated = await tx.$executeRaw`
      UPDATE service_clients SET previous_secret_hash = secret_hash, previous_secret_expires_at = ${expiresAt},
        secret_hash = ${hash}
      WHERE id = ${clientId} AND disabled_at IS NULL`
    if (rotated === 0) return false
    const details = { clientId, overlapSeconds }
    await recordEvent(tx, { type: 'service_client.secret_rotated', at: now, ...by, details })
    return true
  })
  return hasRotated ? { clientId, clientSecret: secret, previousSecretExpiresAt: expiresAt } : null
}
