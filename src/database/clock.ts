import type { Logger } from 'pino'
import type { Pool } from './client.ts'

/** The only clock of the service. Use cases read it once and pass `now` on. Tests pass a clock that they can move. */
export interface Clock {
  now(): Date
  /** By how many seconds this machine's clock is ahead of the database server's; negative if it is behind. */
  secondsAhead(): number
  /** Measures the database server's time again. */
  synchronize(): Promise<void>
}

/** Where a process reads time, in milliseconds. Tests shift the first one. */
export interface TimeSource {
  /** This machine's clock, since 1970. It may be wrong, and it may jump. */
  wallClock(): number
  /** Since any fixed moment; it never jumps. */
  stopwatch(): number
}

export const WARN_ABOVE_SECONDS = 2
/** A process on a machine whose clock is further off than this is not ready: the machine needs attention. */
export const UNUSABLE_ABOVE_SECONDS = 60

/** A slower measurement is ignored. The error of a measurement is at most half its duration. */
const SLOWEST_MEASUREMENT_MS = 500
/** A smaller difference may be a measurement error. Correcting it would move the time back and forth. */
const SMALLEST_CORRECTION_MS = 500

const MACHINE: TimeSource = { wallClock: () => Date.now(), stopwatch: () => performance.now() }

/**
 * Creates a clock that follows the clock of the database server, so that all replicas agree about the time, even if the
 * clock of a machine is wrong. Until the first measurement it is the machine's own clock.
 */
export function createDatabaseClock(pool: Pool, log: Logger, source: TimeSource = MACHINE): Clock {
  let known: { readonly databaseMs: number; readonly stopwatchMs: number } | null = null
  let aheadMs = 0
  let isWarned = false

  function nowMs(): number {
    return known ? known.databaseMs + (source.stopwatch() - known.stopwatchMs) : source.wallClock()
  }

  function report(): void {
    const isOff = Math.abs(aheadMs) > WARN_ABOVE_SECONDS * 1000
    if (isOff && !isWarned) {
      log.warn(
        { secondsAhead: Math.round(aheadMs / 1000) },
        "this machine's clock differs from the database server's, whose time is used; check the time synchronisation of both",
      )
    }
    if (!isOff && isWarned) log.info("this machine's clock agrees with the database server's again")
    isWarned = isOff
  }

  return {
    now: () => new Date(nowMs()),
    secondsAhead: () => aheadMs / 1000,
    async synchronize() {
      const sentMs = source.stopwatch()
      const { rows } = await pool.query<{ time: Date }>({
        name: 'read-clock',
        text: 'SELECT clock_timestamp() AS time',
      })
      const receivedMs = source.stopwatch()
      const durationMs = receivedMs - sentMs
      const databaseMs = rows[0]?.time.getTime()
      if (databaseMs === undefined || (known && durationMs > SLOWEST_MEASUREMENT_MS)) return
      const measuredMs = databaseMs + durationMs / 2 // the best estimate is that the server read its clock half-way
      if (!known || Math.abs(measuredMs - nowMs()) > SMALLEST_CORRECTION_MS) {
        known = { databaseMs: measuredMs, stopwatchMs: receivedMs }
      }
      aheadMs = source.wallClock() - measuredMs
      report()
    },
  }
}

/** Whether this machine's clock is so far off that the process should get no requests. */
export function isUnusable(clock: Clock): boolean {
  return Math.abs(clock.secondsAhead()) > UNUSABLE_ABOVE_SECONDS
}
