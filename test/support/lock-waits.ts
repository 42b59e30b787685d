import type { Pool } from '../../src/database/client.ts'
import { until } from './until.ts'

/** Waits until at least this many statements of the test's database wait for a lock. */
export async function untilWaitingForLocks(pool: Pool, count: number): Promise<void> {
  await until(async () => {
    const { rows } = await pool.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return (rows[0]?.waiting ?? 0) >= count
  })
}
