import { inTransaction } from '../database/client.ts'
import type { Deps } from '../deps.ts'
import { inBatches } from './in-batches.ts'

const DAY_MS = 86_400_000
/** So many that the lot goes quickly, so few that each transaction is over in well under a second. */
const BATCH = 5_000

/**
 * Forgets what is older than AUDIT_RETENTION_DAYS. The trail refuses every DELETE but those of a transaction that says
 * it is this one; the setting ends with each batch, before the connection serves anybody else.
 */
export async function purgeAuditTrail(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.config.auditRetentionDays * DAY_MS)
  const purged = await inBatches(BATCH, () =>
    inTransaction(deps.db, async (tx) => {
      await tx.$executeRaw`SELECT set_config('latchkey.retention', 'on', true)`
      return tx.$executeRaw`
        DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ${before} ORDER BY at LIMIT ${BATCH})`
    }),
  )
  deps.log.info({ purged, before }, 'audit trail purged')
}
