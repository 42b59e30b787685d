import { inTransaction } from '../database/client.ts'
import type { Deps } from '../deps.ts'
import { deleteInBatches } from './delete-in-batches.ts'

const DAY_MS = 86_400_000
/** Large enough that the whole purge is quick, and small enough that each transaction takes well under a second. */
const BATCH = 5_000

/**
 * Deletes the audit events that are older than AUDIT_RETENTION_DAYS. A trigger refuses every DELETE unless the transaction
 * has set `latchkey.retention`. The setting ends with the transaction of each batch.
 */
export async function purgeAuditTrail(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.config.auditRetentionDays * DAY_MS)
  const purged = await deleteInBatches(BATCH, () =>
    inTransaction(deps.db, async (tx) => {
      await tx.$executeRaw`SELECT set_config('latchkey.retention', 'on', true)`
      return tx.$executeRaw`
        DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ${before} ORDER BY at LIMIT ${BATCH})`
    }),
  )
  deps.log.info({ purged, before }, 'audit trail purged')
}
