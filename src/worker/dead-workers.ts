import type { WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'

/**
 * Takes an advisory lock for each pool of this worker, so that other workers can see that it is running.
 *
 * graphile-worker releases the jobs of a worker that has crashed only after four hours. That is too long for a person
 * who waits for a reset link. Each pool's lock is named after the pool's id, which also marks the jobs of the pool.
 * PostgreSQL releases the locks when the process ends, and any other process can then release the jobs.
 */
export function holdPoolLocks(connection: pg.PoolClient, events: WorkerEvents): void {
  events.on('pool:create', ({ workerPool }) => {
    connection
      .query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName(workerPool.id)])
      .catch(() => undefined) // a broken connection ends the run: see run-worker.ts
  })
}

/** A job that was taken more recently than this may belong to a worker that does not hold its lock yet. */
const YOUNGEST_SECONDS = 3

/** Makes the jobs of crashed workers available again. */
export async function releaseJobsOfCrashedWorkers(deps: Deps): Promise<void> {
  const { rows } = await deps.pool.query<{ worker: string }>(
    `SELECT DISTINCT locked_by AS worker FROM graphile_worker.jobs
     WHERE locked_by IS NOT NULL AND locked_at < now() - make_interval(secs => $1)`,
    [YOUNGEST_SECONDS],
  )
  for (const { worker } of rows) {
    const { rowCount } = await deps.pool.query(
      `SELECT graphile_worker.force_unlock_workers(ARRAY[$1::text])
       FROM (SELECT pg_try_advisory_xact_lock(hashtextextended($2, 0)) AS is_dead) AS lock WHERE is_dead`,
      [worker, lockName(worker)],
    )
    if (rowCount) deps.log.warn({ worker }, 'released the jobs of a worker that crashed')
  }
}

function lockName(lockedBy: string): string {
  return `latchkey worker ${lockedBy}`
}
