import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { hashAddress } from '../../addresses/address-hashes.ts'
import { freeLockedAddress } from '../../addresses/addresses.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { Refusal } from '../../problems.ts'

/**
 * Unlocks a locked address. Then anyone can use it, the account that left it included. Who unlocked it and why is
 * recorded in the audit trail of that account. For the address of an erased account, the event has only a keyed hash.
 *
 * @throws {Refusal} invalid_email, not_found if the address is not locked.
 */
export async function unlockAddress(
  deps: Deps,
  input: { email: string; reason: string | null; by: Requester },
): Promise<void> {
  const { address } = requireAddress(input.email, 'email')
  const { reason, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const unlocked = await freeLockedAddress(deps, tx, address)
    if (!unlocked) throw new Refusal('not_found')
    const { accountId, lockReason, lockedAt } = unlocked
    const details = {
      lockReason,
      lockedAt: lockedAt?.toISOString() ?? null,
      addressHash: hashAddress(deps, address),
      reason,
      ...(accountId === null ? {} : { address }),
    }
    await recordEvent(tx, { type: 'address.unlocked', at: now, accountId, ...by, details })
  })
}
