import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { unlockAddress as releaseLock } from '../addresses/addresses.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import { Refusal } from '../problems.ts'

/**
 * Frees a locked address for whoever asks for it next, the account that left it included. Who did it and why is in
 * that account's trail; of an erased one's address the trail keeps a keyed hash.
 *
 * @throws {Refusal} invalid_email, not_found where it is not locked.
 */
export async function unlockAddress(
  deps: Deps,
  input: { email: string; reason: string | null; by: Requester },
): Promise<void> {
  const { address } = requireAddress(input.email, 'email')
  const { reason, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const unlocked = await releaseLock(deps, tx, address)
    if (!unlocked) throw new Refusal('not_found')
    const { accountId, lockReason, lockedAt } = unlocked
    const about = { lockReason, lockedAt: lockedAt?.toISOString() ?? null, addressHash: hashAddress(deps, address) }
    const details = { ...about, reason, ...(accountId === null ? {} : { address }) }
    await recordEvent(tx, { type: 'address.unlocked', at: now, accountId, ...by, details })
  })
}
