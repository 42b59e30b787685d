import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Logger, type Runner, type RunnerOptions, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Pool } from '../database/client.ts'
import { openQueuePool } from '../database/connection/queue-pool.ts'
import type { Deps } from '../deps.ts'
import { type Mailer, withoutAddresses } from '../mail/mailer.ts'
import { holdPoolLocks, releaseJobsOfCrashedWorkers } from './dead-workers.ts'
import { mailSlots } from './mail-lanes.ts'
import { CRONTAB, createTasks } from './tasks.ts'

const RESTART_AFTER_MS = 1_000
const PROVE_EVERY_MS = 5_000
const COMPLETE_AFTER_MS = 20

export interface Worker {
  /** Takes no more jobs, and resolves once the running ones have ended. */
  stop(): Promise<void>
}

/**
 * Runs the jobs of the queue until it is stopped. If a run ends, for example in a database outage, a new one starts a
 * second later.
 */
export function startWorker(deps: Deps, mailer: Mailer): Worker {
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  const finished = keepRunning(deps, mailer, { signal: stopping.signal, stopped })
  return {
    async stop() {
      stopping.abort()
      await finished
    },
  }
}

interface Stopping {
  readonly signal: AbortSignal
  /** The same signal as a promise, for code that may start to wait after the abort. */
  readonly stopped: Promise<void>
}

async function keepRunning(deps: Deps, mailer: Mailer, stopping: Stopping): Promise<void> {
  const queuePool = openQueuePool(deps.pool, deps.config.databasePoolSize)
  while (!stopping.signal.aborted) {
    try {
      await runOnce({ deps, mailer, queuePool }, stopping.stopped)
    } catch (error) {
      deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the worker lost its database and starts again',
      )
    }
    await wait(RESTART_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
  await queuePool.end()
}

interface Run {
  readonly deps: Deps
  readonly mailer: Mailer
  /** The connections of the queue itself. What the jobs do uses `deps`. */
  readonly queuePool: Pool
}

/** Runs jobs until the worker is stopped, or until the connection that holds its locks breaks. */
async function runOnce({ deps, mailer, queuePool }: Run, stopped: Promise<void>): Promise<void> {
  const events: WorkerEvents = new EventEmitter()
  const lockConnection = await queuePool.connect()
  const runners: Runner[] = []
  let watching: { readonly broken: Promise<void>; stop(): void } | undefined
  try {
    const lockFailure = holdPoolLocks(lockConnection, events)
    await releaseJobsOfCrashedWorkers(deps)
    watching = watchLockConnection(deps, lockConnection)
    for (const lane of lanesOf(deps, mailer)) {
      const runner = await run({ ...commonOptions(deps, events), pgPool: queuePool, ...lane })
      // It may fail before it is awaited below, and an unhandled rejection would end the process.
      runner.promise.catch(() => undefined)
      runners.push(runner)
    }
    await Promise.race([...runners.map(({ promise }) => promise), watching.broken, lockFailure, stopped])
  } finally {
    watching?.stop()
    await Promise.all(runners.map((runner) => runner.stop().catch(() => undefined))) // one may have stopped by itself
    close(lockConnection)
  }
}

/**
 * A lane has its own slots, so that the jobs of one lane never wait for those of another. Each lane also holds one
 * connection, on which it listens for new jobs (database/connection/queue-pool.ts counts them).
 */
function lanesOf(deps: Deps, mailer: Mailer): RunnerOptions[] {
  const { send_reset_mail, send_registration_mail, ...others } = createTasks(deps, mailer)
  return [
    // A receiver of security events uses at most one slot, even if it hangs, so the slots for mail stay free.
    { taskList: others, crontab: CRONTAB, concurrency: mailSlots.send_mail + deps.config.securityEvents.urls.length },
    { taskList: { send_reset_mail }, parsedCronItems: [], concurrency: mailSlots.send_reset_mail },
    { taskList: { send_registration_mail }, parsedCronItems: [], concurrency: mailSlots.send_registration_mail },
  ]
}

/**
 * Jobs that end within 20 ms are marked as done with one statement. Their mails have been settled before, so a job that is
 * run again after a crash sends nothing. If no delay is set, graphile-worker 0.17.3 does not await the statement, and a
 * database outage at that moment would be an unhandled rejection, which ends the process.
 *
 * Jobs are not taken in batches. The `localQueue` of graphile-worker 0.17.3 rejects a promise that nobody awaits if it
 * stops with jobs in memory while the database is down.
 */
function commonOptions(deps: Deps, events: WorkerEvents): RunnerOptions {
  return {
    pollInterval: 1_000,
    noHandleSignals: true,
    preset: { worker: { completeJobBatchDelay: COMPLETE_AFTER_MS, failJobBatchDelay: COMPLETE_AFTER_MS } },
    events,
    logger: new Logger(
      () => (level, message) =>
        level === 'error' && deps.log.error({ queue: withoutAddresses(message) }, 'the queue reports an error'),
    ),
  }
}

/**
 * Queries the database every few seconds over the connection that holds the locks. If a failover or a firewall cuts this
 * connection without notice, the locks are gone, and this worker would look crashed, even to itself: it would release its
 * own jobs and send their mails twice. So before it releases jobs, it proves with a query that the connection still works.
 */
function watchLockConnection(deps: Deps, connection: pg.PoolClient): { readonly broken: Promise<void>; stop(): void } {
  const ended = new AbortController()
  const broken = new Promise<void>((resolve) => {
    connection.once('error', () => resolve())
    void (async () => {
      while (!ended.signal.aborted) {
        await wait(PROVE_EVERY_MS, undefined, { signal: ended.signal })
        await connection.query('SELECT 1')
        await releaseJobsOfCrashedWorkers(deps).catch(() => undefined)
      }
    })().catch(() => {
      if (!ended.signal.aborted) deps.log.warn('the worker lost the connection that holds its locks and starts again')
      resolve()
    })
  })
  return { broken, stop: () => ended.abort() }
}

/** Closes the connection instead of returning it to the pool, so that its session locks end. */
function close(connection: pg.PoolClient): void {
  connection.on('error', () => undefined)
  connection.release(true)
}
