import { Refusal } from '../domain/problems.ts'
import { parseTime } from '../domain/times.ts'
import { Type } from './openapi/schema-types.ts'

/** The query of every list that can be limited to a period. */
export const periodQuery = {
  from: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Only events at or after this time (RFC 3339). Default: the beginning of the audit trail.',
      examples: ['2026-03-01T00:00:00Z'],
    }),
  ),
  to: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Only events before this time (RFC 3339). Default: now.',
      examples: ['2026-03-02T00:00:00Z'],
    }),
  ),
}

/** `from` is part of the period, `to` is not, so that consecutive periods contain every event once. */
export interface Period {
  readonly from?: Date
  readonly to?: Date
}

/** @throws {Refusal} invalid_request, naming the field whose time is not valid. */
export function periodIn(query: { from?: string; to?: string }): Period {
  return {
    ...(query.from === undefined ? {} : { from: readTime(query.from, 'from') }),
    ...(query.to === undefined ? {} : { to: readTime(query.to, 'to') }),
  }
}

/** RFC 3339 has a year 0, PostgreSQL has none. No event is older than this time, so nothing is lost by starting here. */
const EARLIEST_MS = Date.UTC(1970, 0, 1)

function readTime(text: string, field: 'from' | 'to'): Date {
  const time = parseTime(text)
  if (!time) {
    const message = 'Enter a date and time that exist, like 2026-03-31T14:00:00Z.'
    throw new Refusal('invalid_request', { violations: [{ field, rule: 'date-time', message }] })
  }
  return new Date(Math.max(time.getTime(), EARLIEST_MS))
}
