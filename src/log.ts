import { type DestinationStream, type Logger, pino } from 'pino'
import { traceFields } from './tracing/span.ts'

/**
 * Lines are written together, because one write for each took a sixth of the time of a request. A process that is killed
 * loses those of the last moment.
 */
const WRITE = { minLength: 4096, periodicFlush: 50 }

/** Without a trace, a line is written as it is, and not copied first. */
const NOT_TRACED = {}

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
    mixin: () => traceFields() ?? NOT_TRACED,
    mixinMergeStrategy: (line: object, trace: object) => (trace === NOT_TRACED ? line : { ...trace, ...line }),
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
  }
  return pino(options, destination ?? pino.destination({ sync: false, ...WRITE }))
}

interface LoggedError {
  readonly name: string
  readonly code: unknown
  readonly message: string | undefined
  readonly frames: readonly string[] | undefined
}

/** "data exception": the messages of this class quote the value that PostgreSQL refuses. */
const QUOTES_VALUES = /^22/

/**
 * Describes an error for the log by the fields that contain no value of a row. Prisma's messages and PostgreSQL's details
 * quote such values, for example "Failing row contains (…)". The stack is logged without its first lines, because they
 * repeat the message.
 */
export function describeError(error: Error): LoggedError {
  const code = 'code' in error ? error.code : undefined
  const quotesValues = error.name.startsWith('Prisma') || ('severity' in error && QUOTES_VALUES.test(String(code)))
  const frames = error.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 12)
  return { name: error.name, code, message: quotesValues ? undefined : error.message.slice(0, 300), frames }
}
