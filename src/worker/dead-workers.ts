import type { WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'

/**
 * graphile-worker takes a worker for dead after four hours, which is too long for a person who waits for a reset link. So
 * each run holds an advisory lock for each of its pools, on one connection, under the pool's id, which also marks the
 * pool's jobs. PostgreSQL releases the locks when the process dies, and any other process then releases its jobs.
 */
export function proveAlive(connection: pg.PoolClient, events: WorkerEvents): void {
  events.on('pool:create', ({ workerPool }) => {
    connection
      .query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName(workerPool.id)])
      .catch(() => undefined) // a broken connection ends the run: see run-worker.ts
  })
}

/** A job that was taken more recently than this may belong to a run that does not hold its lock yet. */
const YOUNGEST_SECONDS = 3

/** Makes the jobs of dead workers available again. */
export async function releaseJobsOfTheDead(deps: Deps): Promise<void> {
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
    if (rowCount) deps.log.warn({ worker }, 'released the jobs of a worker that died')
  }
}

function lockName(lockedBy: string): string {
  return `latchkey worker ${lockedBy}`
}
