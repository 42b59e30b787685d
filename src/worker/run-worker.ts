import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Logger, type Runner, type RunnerOptions, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'
import { type Mailer, withoutAddresses } from '../mail/mailer.ts'
import { proveAlive, releaseJobsOfTheDead } from './dead-workers.ts'
import { mailSlots } from './mail-lanes.ts'
import { CRONTAB, createTasks } from './tasks.ts'

const RESTART_AFTER_MS = 1_000
const PROVE_EVERY_MS = 5_000

export interface Worker {
  /** Takes no more jobs, and resolves once the running ones have ended. */
  stop(): Promise<void>
}

/** Works the queue until it is stopped. If a run ends, for example in a database outage, a new one starts a second later. */
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
  /** The same as a promise: code that starts to listen after the abort still learns of it. */
  readonly stopped: Promise<void>
}

async function keepRunning(deps: Deps, mailer: Mailer, stopping: Stopping): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      await runOnce(deps, mailer, stopping.stopped)
    } catch (error) {
      deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the worker lost its database and starts again',
      )
    }
    await wait(RESTART_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
}

/** One run. It ends when it is told to stop, or when the connection that proves it alive breaks. */
async function runOnce(deps: Deps, mailer: Mailer, stopped: Promise<void>): Promise<void> {
  const events: WorkerEvents = new EventEmitter()
  const proof = await deps.pool.connect()
  const runners: Runner[] = []
  let proving: { readonly broken: Promise<void>; stop(): void } | undefined
  try {
    proveAlive(proof, events)
    await releaseJobsOfTheDead(deps)
    proving = keepProving(deps, proof)
    for (const lane of lanesOf(deps, mailer)) runners.push(await run({ ...commonOptions(deps, events), ...lane }))
    await Promise.race([...runners.map(({ promise }) => promise), proving.broken, stopped])
  } finally {
    proving?.stop()
    await Promise.all(runners.map((runner) => runner.stop().catch(() => undefined))) // one may have stopped by itself
    release(proof)
  }
}

/**
 * A lane has its own slots, so that the jobs of one lane never wait for those of another. Each lane also holds one
 * connection on which it listens for new jobs: DATABASE_POOL_SIZE has a minimum for that.
 */
function lanesOf(deps: Deps, mailer: Mailer): RunnerOptions[] {
  const { send_reset_mail, send_registration_mail, ...others } = createTasks(deps, mailer)
  return [
    // A receiver of security events uses at most one slot, even if it hangs, so mail keeps its own.
    { taskList: others, crontab: CRONTAB, concurrency: mailSlots.send_mail + deps.config.securityEvents.urls.length },
    { taskList: { send_reset_mail }, parsedCronItems: [], concurrency: mailSlots.send_reset_mail },
    { taskList: { send_registration_mail }, parsedCronItems: [], concurrency: mailSlots.send_registration_mail },
  ]
}

function commonOptions(deps: Deps, events: WorkerEvents): RunnerOptions {
  return {
    pgPool: deps.pool,
    pollInterval: 1_000,
    noHandleSignals: true,
    // Jobs are marked as done at once, but through the batches: nobody awaits the direct way (graphile-worker 0.17.3), and
    // an outage at that moment would be an unhandled rejection, which ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    events,
    logger: new Logger(
      () => (level, message) =>
        level === 'error' && deps.log.error({ queue: withoutAddresses(message) }, 'the queue reports an error'),
    ),
  }
}

/**
 * Asks the database again and again over the connection that holds the locks. A connection that was cut silently, by a
 * failover or by a firewall that forgets idle connections, holds no locks: the worker would take itself for dead and send
 * its own mails twice. Jobs of dead workers are released only right after an answer over this connection.
 */
function keepProving(deps: Deps, proof: pg.PoolClient): { readonly broken: Promise<void>; stop(): void } {
  const over = new AbortController()
  const broken = new Promise<void>((resolve) => {
    proof.once('error', () => resolve())
    void (async () => {
      while (!over.signal.aborted) {
        await wait(PROVE_EVERY_MS, undefined, { signal: over.signal })
        await proof.query('SELECT 1')
        await releaseJobsOfTheDead(deps).catch(() => undefined)
      }
    })().catch(() => {
      if (!over.signal.aborted) deps.log.warn('the worker lost the connection that proves it alive and starts again')
      resolve()
    })
  })
  return { broken, stop: () => over.abort() }
}

/** Closes the connection instead of returning it to the pool, so that its session locks end. */
function release(proof: pg.PoolClient): void {
  proof.on('error', () => undefined)
  proof.release(true)
}
