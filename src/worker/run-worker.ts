import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Logger, type Runner, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'
import type { Mailer } from '../mail/mailer.ts'
import { proveAlive, releaseJobsOfTheDead } from './dead-workers.ts'
import { CRONTAB, createTasks } from './tasks.ts'

const RESTART_AFTER_MS = 1_000
const PROVE_EVERY_MS = 5_000
const MAIL_SLOTS = 4

export interface Worker {
  /** Finishes the jobs at hand, takes no more. */
  stop(): Promise<void>
}

/** Works the queue until it is stopped, through database outages: whatever ends a run, another begins a second later. */
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
  /** The same as a promise, which tells also those who ask too late. */
  readonly stopped: Promise<void>
}

async function keepRunning(deps: Deps, mailer: Mailer, stopping: Stopping): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      await runOnce(deps, mailer, stopping.stopped)
    } catch (error) {
      deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the worker lost its database; trying again',
      )
    }
    await wait(RESTART_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
}

/** One run, over when it is told to stop or when the connection that proves it alive breaks. */
async function runOnce(deps: Deps, mailer: Mailer, stopped: Promise<void>): Promise<void> {
  const events: WorkerEvents = new EventEmitter()
  const proof = await deps.pool.connect()
  let runner: Runner | undefined
  let proving: { readonly broken: Promise<void>; stop(): void } | undefined
  try {
    proveAlive(proof, events)
    await releaseJobsOfTheDead(deps)
    proving = keepProving(deps, proof)
    runner = await run({
      pgPool: deps.pool,
      taskList: createTasks(deps, mailer),
      crontab: CRONTAB,
      // One receiver of security events takes at most one slot, however long it hangs: mail keeps its own.
      concurrency: MAIL_SLOTS + deps.config.securityEvents.urls.length,
      pollInterval: 1_000,
      noHandleSignals: true,
      // Written down at once, but by way of the batches: done directly nobody awaits it, and an outage at that moment
      // would be an unhandled rejection, which ends the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      events,
      logger: new Logger(
        () => (level, message) => level === 'error' && deps.log.error({ queue: message }, 'queue error'),
      ),
    })
    await Promise.race([runner.promise, proving.broken, stopped])
  } finally {
    proving?.stop()
    await runner?.stop().catch(() => undefined) // it may have stopped by itself
    release(proof)
  }
}

/**
 * Asks over the connection that holds the locks, again and again: one that was cut without a word (a failover, a
 * firewall that forgets idle connections) keeps none, and the worker would be the first to take itself for dead and
 * send its own mails twice. Only whoever has just been answered looks for others that died.
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
      if (!over.signal.aborted) deps.log.warn('the connection that proves the worker alive is gone; beginning anew')
      resolve()
    })
  })
  return { broken, stop: () => over.abort() }
}

/** Closed, not returned to the pool: its session locks must go with it. */
function release(proof: pg.PoolClient): void {
  proof.on('error', () => undefined)
  proof.release(true)
}
