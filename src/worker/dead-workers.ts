import type { WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'

/**
 * Takes an advisory lock for each pool of this worker, so that other workers can see that it is running.
 *
 * graphile-worker releases the jobs of a worker that has crashed only after four hours. That is too long for a person
 * who waits for a reset link. Each pool's lock is named after the pool's id, which also marks the jobs of the pool.
 * PostgreSQL releases the locks when the process ends, and any other process can then release the jobs.
 *
 * @returns a promise that rejects if a lock cannot be taken. Without its lock, the worker would look crashed.
 */
export function holdPoolLocks(connection: pg.PoolClient, events: WorkerEvents): Promise<never> {
  const failure = new Promise<never>((_resolve, reject) => {
    let taken = Promise.resolve()
    events.on('pool:create', ({ workerPool }) => {
      // One after the other: node-postgres 9 will refuse a query while another one runs on the same connection.
      taken = taken.then(async () => {
        await connection.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName(workerPool.id)])
      })
      taken.catch(reject)
    })
  })
  failure.catch(() => undefined) // the run may have ended for another reason
  return failure
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
