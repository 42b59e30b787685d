import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { Logger, type Runner, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Deps } from '../deps.ts'
import type { Mailer } from '../mail/mailer.ts'
import { proveAlive, releaseJobsOfTheDead } from './dead-workers.ts'
import { CRONTAB, createTasks } from './tasks.ts'

const RESTART_AFTER_MS = 1_000
const RECOVERY_EVERY_MS = 5_000
const MAIL_SLOTS = 4

export interface Worker {
  /** Finishes the jobs at hand, takes no more. */
  stop(): Promise<void>
}

/** Works the queue until it is stopped, through database outages: whatever ends a run, another begins a second later. */
export function startWorker(deps: Deps, mailer: Mailer): Worker {
  const stopping = new AbortController()
  const finished = keepRunning(deps, mailer, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await finished
    },
  }
}

async function keepRunning(deps: Deps, mailer: Mailer, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      await runOnce(deps, mailer, stopping)
    } catch (error) {
      deps.log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'the worker lost its database; trying again',
      )
    }
    await wait(RESTART_AFTER_MS, undefined, { signal: stopping }).catch(() => undefined)
  }
}

/** One run, over when it is told to stop or when the connection that proves it alive breaks. */
async function runOnce(deps: Deps, mailer: Mailer, stopping: AbortSignal): Promise<void> {
  const events: WorkerEvents = new EventEmitter()
  const proof = await deps.pool.connect()
  const broken = new Promise<void>((resolve) => proof.once('error', () => resolve()))
  let runner: Runner | undefined
  let recovery: NodeJS.Timeout | undefined
  try {
    proveAlive(proof, events)
    await releaseJobsOfTheDead(deps)
    recovery = setInterval(() => void releaseJobsOfTheDead(deps).catch(() => undefined), RECOVERY_EVERY_MS)
    runner = await run({
      pgPool: deps.pool,
      taskList: createTasks(deps, mailer),
      crontab: CRONTAB,
      // One receiver of security events takes at most one slot, however long it hangs: mail keeps its own.
      concurrency: MAIL_SLOTS + deps.config.securityEvents.urls.length,
      pollInterval: 1_000,
      noHandleSignals: true,
      events,
      logger: new Logger(
        () => (level, message) => level === 'error' && deps.log.error({ queue: message }, 'queue error'),
      ),
    })
    await Promise.race([runner.promise, broken, aborted(stopping)])
  } finally {
    clearInterval(recovery)
    await runner?.stop().catch(() => undefined) // it may have stopped by itself
    release(proof)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Closed, not returned to the pool: its session locks must go with it. */
function release(proof: pg.PoolClient): void {
  proof.on('error', () => undefined)
  proof.release(true)
}
