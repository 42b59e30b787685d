import type { DatabasePool } from '../connection/database-pool.ts'
import { type Report, retryWhileLocked } from './lock-waits.ts'
import { QUEUE } from './migration-status.ts'

/** Brings the tables and functions of the job queue up to date with graphile-worker's own migrations. */
export async function migrateQueue(pool: DatabasePool, report: Report): Promise<void> {
  const { runMigrations } = await import('graphile-worker') // only a database that is migrated needs it
  await retryWhileLocked(`The migrations of ${QUEUE}`, report, () => runMigrations({ pgPool: pool }))
  await retryWhileLocked(`A setting of ${QUEUE}`, report, () => addJobsByIndex(pool))
}

/**
 * Lets the function that adds jobs look for an earlier job with the same key in the index, even if PostgreSQL plans this
 * while there are no jobs. With the plan for an empty table, adding one job would read all of them, until PostgreSQL has
 * new statistics: about a minute.
 */
async function addJobsByIndex(pool: DatabasePool): Promise<void> {
  await pool.query(`
    DO $$
    DECLARE without_setting regprocedure;
    BEGIN
      FOR without_setting IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'graphile_worker'::regnamespace AND proname = 'add_jobs'
          AND NOT 'enable_seqscan=off' = ANY (coalesce(proconfig, '{}'))
      LOOP
        EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', without_setting);
      END LOOP;
    END $$`)
}
