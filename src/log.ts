import { type DestinationStream, type Logger, pino } from 'pino'
import { traceFields } from './tracing/span.ts'

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
  return destination ? pino(options, destination) : pino(options)
}
