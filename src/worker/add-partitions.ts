import type { Deps } from '../deps.ts'

/**
 * Creates the partitions of the audit trail for this month and the next three. The function in the database runs with the
 * rights of the owner of the tables, so the service needs no right to create tables. If it fails, for example because
 * the trail is being read for long, the next night tries again. No event is lost without a partition: it is then in
 * the default partition.
 */
export async function addPartitions(deps: Deps): Promise<void> {
  try {
    const { rows } = await deps.pool.query<{ created: number }>('SELECT add_event_partitions() AS created')
    deps.log.info({ created: rows[0]?.created }, 'partitions of the audit trail added')
  } catch (error) {
    deps.log.warn({ err: error }, 'the partitions of the audit trail could not be added')
  }
}
