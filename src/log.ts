import { type DestinationStream, type Logger, pino } from 'pino'
import { traceFields } from './tracing/span.ts'

/**
 * Lines are written together, because one write for each took a sixth of the time of a request. A process that is killed
 * loses those of the last moment.
 */
const WRITE = { minLength: 4096, periodicFlush: 50 }

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Creates the log: JSON lines on standard output. Every field is chosen where it is logged, and a `Secret` writes itself
 * as `[redacted]` everywhere. Therefore there is no list of paths to redact, which could be incomplete. While a trace is
 * recorded, each line names it.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceFields,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return pino(options, destination ?? pino.destination({ sync: false, ...WRITE }))
}
