import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newClientSecret } from '../../security/client-secret.ts'
import type { Secret } from '../../security/secret.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import { Refusal } from '../problems.ts'

export interface RotatedSecret {
  readonly clientId: string
  readonly clientSecret: Secret<'client-secret'>
  /** Until when the previous secret works. */
  readonly previousSecretExpiresAt: Date
}

/**
 * Gives a client a new secret. Its current secret works for another `overlapSeconds`, so that its machines can be changed
 * one after the other; 0 is for a secret that has leaked. A still older secret stops working at once, so that there are
 * never more than two.
 *
 * @throws {Refusal} not_found (there is no such client, or it is disabled)
 */
export async function rotateClientSecret(
  deps: Pick<Deps, 'db' | 'clock'>,
  input: { clientId: string; overlapSeconds: number; by: Requester },
): Promise<RotatedSecret> {
  const { clientId, overlapSeconds, by } = input
  const { secret, hash } = newClientSecret()
  const now = deps.clock.now()
  const expiresAt = new Date(now.getTime() + overlapSeconds * 1000)
  await inTransaction(deps.db, async (tx) => {
    const rotated = await tx.$executeRaw`
      UPDATE service_clients SET previous_secret_hash = secret_hash, previous_secret_expires_at = ${expiresAt},
        secret_hash = ${hash}
      WHERE id = ${clientId} AND disabled_at IS NULL`
    if (rotated === 0) throw new Refusal('not_found')
    const details = { clientId, overlapSeconds }
    await recordEvent(tx, { type: 'service_client.secret_rotated', at: now, ...by, details })
  })
  return { clientId, clientSecret: secret, previousSecretExpiresAt: expiresAt }
}
