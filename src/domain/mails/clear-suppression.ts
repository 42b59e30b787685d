import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import { addJob, suppressionJobKey } from '../jobs.ts'
import { Refusal } from '../problems.ts'

/**
 * Deletes the suppression of an address, and queues the job that clears it at the provider.
 * Support uses this when the mailbox works again.
 *
 * @throws {Refusal} invalid_email, not_found if the address is not suppressed.
 */
export async function clearSuppression(deps: Deps, input: { email: string; by: Requester }): Promise<void> {
  const { address } = requireAddress(input.email, 'email')
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.suppressedAddress.deleteMany({ where: { address } })
    if (count === 0) throw new Refusal('not_found')
    const holder = await tx.address.findUnique({ where: { address }, select: { accountId: true } })
    const details = { addressHash: hashAddress(deps, address) }
    const accountId = holder?.accountId ?? null
    await recordEvent(tx, { type: 'address.suppression_cleared', at: now, accountId, ...input.by, details })
    await addJob(tx, 'lift_suppression', { address }, { key: suppressionJobKey(address) })
  })
}
