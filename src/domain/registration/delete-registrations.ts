import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { addJob, type DeletedRegistrations } from '../jobs.ts'

/** How many rows are deleted at once: a fraction of a second, and more than an address has unless strangers flood it. */
const ROWS_AT_ONCE = 1_000

/**
 * Deletes the registrations of an address that now has an account. Strangers can make hundreds of thousands of them for
 * one address, too many for one transaction. This one deletes the newest, and a job deletes the rest. A registration
 * that waits for the job cannot be used, because its address is not free.
 */
export async function deleteRegistrations(tx: Transaction, registrations: DeletedRegistrations): Promise<void> {
  if (await deleteNewest(tx, registrations)) return
  await addJob(tx, 'delete_registrations', registrations)
}

/** The job: deletes in batches until none is left. If it is killed, the next run deletes the rest. */
export async function deleteRemainingRegistrations(deps: Deps, registrations: DeletedRegistrations): Promise<void> {
  let isComplete = false
  while (!isComplete) {
    isComplete = await inTransaction(deps.db, (tx) => deleteNewest(tx, registrations))
  }
}

/** @returns whether all registrations of the address are deleted. */
async function deleteNewest(tx: Transaction, { address, createdUntil }: DeletedRegistrations): Promise<boolean> {
  const deleted = await tx.$executeRaw`
    DELETE FROM registrations WHERE id IN (
      SELECT id FROM registrations WHERE address = ${address} AND created_at <= ${createdUntil}::timestamptz
      ORDER BY created_at DESC LIMIT ${ROWS_AT_ONCE})`
  return deleted < ROWS_AT_ONCE
}
