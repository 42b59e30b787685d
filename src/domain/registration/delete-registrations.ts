import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { addJob, type DeletedRegistrations } from '../jobs.ts'

/** So many rows at once take a fraction of a second, and are more than an address has unless strangers flood it. */
const ROWS_AT_ONCE = 1_000

/**
 * Deletes the registrations of an address that now has an account. Strangers can make hundreds of thousands of them for
 * one address, which no transaction could delete in time: this one deletes the newest, and a job the rest. A registration
 * that waits for the job cannot be used, because its address is not free.
 */
export async function deleteRegistrations(tx: Transaction, registrations: DeletedRegistrations): Promise<void> {
  if (await deleteNewest(tx, registrations)) return
  await addJob(tx, 'delete_registrations', registrations)
}

/** The job: deletes in batches until none is left. Killed at any point, it starts again with what is left. */
export async function deleteRemainingRegistrations(deps: Deps, registrations: DeletedRegistrations): Promise<void> {
  let isComplete = false
  while (!isComplete) {
    isComplete = await inTransaction(deps.db, (tx) => deleteNewest(tx, registrations))
  }
}

/** @returns whether that was all. */
async function deleteNewest(tx: Transaction, { address, createdUntil }: DeletedRegistrations): Promise<boolean> {
  const deleted = await tx.$executeRaw`
    DELETE FROM registrations WHERE id IN (
      SELECT id FROM registrations WHERE address = ${address} AND created_at <= ${createdUntil}::timestamptz
      ORDER BY created_at DESC LIMIT ${ROWS_AT_ONCE})`
  return deleted < ROWS_AT_ONCE
}
