import type { PoolClient } from 'pg'
import { inHandWrittenTransaction } from '../database/client.ts'
import type { Deps } from '../deps.ts'
import { deleteInBatches } from './delete-in-batches.ts'

const DAY_MS = 86_400_000
/** Large enough that the whole purge is quick, and small enough that each transaction takes well under a second. */
const BATCH = 5_000

const DELETE_EVENTS = 'DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2)'

/**
 * Deletes the audit events that are older than AUDIT_RETENTION_DAYS. Months in which every event is older are dropped as
 * partitions, which costs the same however many events they have. The rest is deleted in batches. If the trail is
 * being read for long, the partitions stay until the next night, and their events are deleted like the others.
 *
 * A trigger and the function refuse this unless the transaction has set `latchkey.retention`. The setting ends with the
 * transaction.
 */
export async function purgeAuditTrail(deps: Deps): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.config.auditRetentionDays * DAY_MS)
  const partitions = await dropPartitions(deps, before)
  const purged = await deleteInBatches(BATCH, () =>
    inHandWrittenTransaction(deps.pool, async (connection) => {
      await permitRetention(connection)
      const { rowCount } = await connection.query(DELETE_EVENTS, [before, BATCH])
      return rowCount ?? 0
    }),
  )
  deps.log.info({ purged, partitions, before }, 'audit trail purged')
}

/** @returns how many partitions were dropped. Each is dropped in a transaction of its own, so that locks are short. */
async function dropPartitions(deps: Deps, before: Date): Promise<number> {
  let count = 0
  try {
    while (await dropPartition(deps, before)) count += 1
  } catch (error) {
    deps.log.warn({ err: error }, 'a partition of the audit trail could not be dropped')
  }
  return count
}

async function dropPartition(deps: Deps, before: Date): Promise<boolean> {
  return inHandWrittenTransaction(deps.pool, async (connection) => {
    await permitRetention(connection)
    const { rows } = await connection.query<{ dropped: boolean }>('SELECT drop_event_partition($1) AS dropped', [
      before,
    ])
    return rows[0]?.dropped === true
  })
}

async function permitRetention(connection: PoolClient): Promise<void> {
  await connection.query("SELECT set_config('latchkey.retention', 'on', true)")
}
