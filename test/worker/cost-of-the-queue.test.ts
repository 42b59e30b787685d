import { expect, test } from '@jest/globals'
import { connect } from '../../src/database/client.ts'
import { openQueuePool } from '../../src/database/connection/queue-pool.ts'
import { startWorker } from '../../src/worker/run-worker.ts'
import { query } from '../support/embedded-server.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const { deps, mailer, databaseUrl } = await startTestApp()

const WAITS = "SELECT current_setting('synchronous_commit') AS waits"
const JOBS = 1_500
/**
 * A job is read to take it, and to mark it as done. A query for the next job also passes jobs that others have just taken.
 * A query that reads all waiting jobs reads 750 on average.
 */
const MOST_ROWS_FOR_A_JOB = 100

/** Adds jobs that find no mail to send, so that the worker does nothing but take them and mark them as done. */
async function addJobs(count: number): Promise<void> {
  await query(
    databaseUrl,
    `SELECT graphile_worker.add_job('send_reset_mail', json_build_object('mailId', gen_random_uuid()), priority => i % 10)
     FROM generate_series(1, ${count}) AS i`,
  )
}

async function untilAllAreDone(): Promise<void> {
  await until(async () => {
    const { rows } = await deps.pool.query('SELECT FROM graphile_worker._private_jobs LIMIT 1')
    return rows.length === 0
  })
}

/** A session reports its last figures when it ends. */
async function untilOthersHaveDisconnected(): Promise<void> {
  await until(async () => {
    const { rows } = await deps.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()',
    )
    return (rows[0]?.count ?? 0) <= deps.pool.totalCount
  })
}

async function rowsRead(): Promise<number> {
  const { rows } = await deps.pool.query<{ count: number }>(
    `SELECT (seq_tup_read + idx_tup_fetch)::int AS count FROM pg_stat_all_tables
     WHERE schemaname = 'graphile_worker' AND relname = '_private_jobs'`,
  )
  return rows[0]?.count ?? 0
}

test('a mail costs the queue as many reads behind a thousand others as alone, although the queue was empty before', async () => {
  await query(databaseUrl, 'VACUUM ANALYZE graphile_worker._private_jobs')
  const worker = startWorker(deps, mailer)
  await addJobs(50) // PostgreSQL keeps the plan of a prepared statement after a few executions
  await untilAllAreDone()

  await addJobs(JOBS)
  await untilAllAreDone()

  await worker.stop()
  await untilOthersHaveDisconnected()
  expect(await rowsRead()).toBeLessThan(JOBS * MOST_ROWS_FOR_A_JOB)
}, 60_000)

test('only the commits of the queue do not wait for the disk', async () => {
  const { pool } = connect(`${databaseUrl}&options=-c%20synchronous_commit%3Don`, {
    poolSize: 1,
    onIdleError: () => undefined,
  })
  const queuePool = openQueuePool(pool, 8)

  const [others, queue] = [await pool.query(WAITS), await queuePool.query(WAITS)]

  await Promise.all([pool.end(), queuePool.end()])
  expect(others.rows).toEqual([{ waits: 'on' }])
  expect(queue.rows).toEqual([{ waits: 'off' }])
})
