import { inTransaction, type Transaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { hashesOfAddress } from '../../addresses/address-hashes.ts'
import { eraseAddresses } from '../../addresses/addresses.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { addJob, type Erasure, removeJob, suppressionJobKey } from '../../jobs.ts'
import { Refusal } from '../../problems.ts'
import { forgetNetworks } from '../../throttle/known-networks.ts'
import { eraseFromOthers, isNamedByOthers } from './erase-from-others.ts'
import { eraseTraces } from './erase-traces.ts'
import { erasureJobKey } from './finish-erasure.ts'

/** How many rows of each kind, and of how many other accounts, are erased at once: enough unless strangers flood the address. */
const ROWS_AT_ONCE = 1_000

/**
 * Erases a person. When this returns, the account is gone with its sessions, links and email changes, and its addresses
 * are locked as keyed hashes, so that nobody can pose as their former owner. Everything else that names the person
 * (mails, other people's requests, the audit trail) is erased in the same transaction as far as it fits. A job erases
 * the rest and records `account.erasure_completed` when nothing is left: see finish-erasure.ts.
 *
 * @throws {Refusal} not_found
 */
export async function eraseUser(deps: Deps, input: { accountId: string; by: Requester }): Promise<void> {
  const { accountId, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (!(await lockAccountRow(tx, accountId))) throw new Refusal('not_found')
    const erasure: Erasure = {
      accountId,
      addresses: await heldAddresses(tx, accountId),
      requestedAddresses: await requestedAddresses(tx, accountId),
      startedAt: now.toISOString(),
    }
    await eraseFromOthers(tx, erasure, ROWS_AT_ONCE)
    const addresses = await eraseAddresses(deps, tx, { accountId, now })
    await forgetNetworks(
      tx,
      addresses.flatMap((address) => hashesOfAddress(deps, address)),
    )
    await tx.account.delete({ where: { id: accountId } })
    const details = { addresses: addresses.length }
    await recordEvent(tx, { type: 'account.erased', at: now, accountId, ...by, details })
    for (const address of [...erasure.addresses, ...erasure.requestedAddresses]) {
      await removeJob(tx, suppressionJobKey(address))
    }
    const isComplete = (await eraseTraces(deps, tx, erasure, ROWS_AT_ONCE)) && !(await isNamedByOthers(tx, erasure))
    const left = isComplete ? { ...erasure, addresses: [], requestedAddresses: [] } : erasure
    await addJob(tx, 'finish_erasure', left, { key: erasureJobKey(deps, accountId) })
  })
}

async function heldAddresses(tx: Transaction, accountId: string): Promise<string[]> {
  const held = await tx.address.findMany({ where: { accountId }, select: { address: true } })
  return held.map(({ address }) => address)
}

/** Addresses of the person's unconfirmed email changes. The provider's events about them are the person's data too. */
async function requestedAddresses(tx: Transaction, accountId: string): Promise<string[]> {
  const changes = await tx.emailChange.findMany({
    where: { accountId, confirmedAt: null },
    distinct: ['toAddress'],
    select: { toAddress: true },
  })
  return changes.map(({ toAddress }) => toAddress)
}
