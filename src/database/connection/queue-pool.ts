import type { Pool } from '../client.ts'

/** One for each lane of the worker, to listen for new jobs, and one that holds the worker's locks. */
const HELD = 4
/** With fewer connections in all, the statements of the queue have one connection instead of two. */
const FEW = 12

/** How many of a process's `poolSize` connections the queue of its worker has for itself. */
export function queueConnections(poolSize: number): number {
  return HELD + (poolSize < FEW ? 1 : 2)
}

/**
 * The job table may be empty when PostgreSQL plans the query for the next job, and hold a thousand jobs a second later.
 * With the plan for an empty table, each query reads and sorts all jobs, so that a mail costs more the more mails wait.
 * These settings leave the index that has the jobs in order, and plan for the present size of the table. They would harm
 * other statements, so the queue has connections of its own.
 *
 * `jit` is off, because PostgreSQL 14 to 17 would compile the query each time: they add a very high cost to a plan that
 * uses something that is switched off.
 */
const READ_JOBS_IN_ORDER = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  plan_cache_mode: 'force_custom_plan',
  jit: 'off',
}

/**
 * A commit of the queue does not wait until it is on the disk. If the database server crashes, it may forget that a job was
 * taken or done. The job then runs again, as it does if the process crashes at that moment, and a mail that is recorded as
 * sent is not sent again. A job that belongs to a change is added on the other connections, with the change.
 */
const COMMIT_WITHOUT_WAITING = { synchronous_commit: 'off' }

/** Creates the pool of the queue, beside the pool that the worker's jobs use. The caller must end it. */
export function openQueuePool(pool: Pool, poolSize: number): Pool {
  return pool.another(queueConnections(poolSize), { ...READ_JOBS_IN_ORDER, ...COMMIT_WITHOUT_WAITING })
}
