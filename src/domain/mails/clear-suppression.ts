import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { requireAddress } from '../accounts/require-address.ts'
import { hashAddress } from '../addresses.ts'
import { recordEvent } from '../events.ts'
import { Refusal } from '../problems.ts'
import type { Requester } from '../support/requester.ts'

/**
 * Forgets that the provider had given up on an address, and has the worker ask the provider to forget it too: the
 * mailbox is there again, or the full one was emptied.
 *
 * @throws {Refusal} invalid_email, not_found where nothing was held against it.
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
    await addLiftJob(tx, address)
  })
}

async function addLiftJob(tx: Transaction, address: string): Promise<void> {
  await tx.$executeRaw`SELECT graphile_worker.add_job('lift_suppression', json_build_object('address', ${address}::text))`
}
