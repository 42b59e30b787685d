import type { Pool } from '../../database/client.ts'
import { type EventWithoutChange, recordEventWithoutChange } from './record-event.ts'

const WINDOW_MS = 60_000
/** Up to this number of different failures per minute are recorded separately. Further ones are recorded together. */
const MOST_KINDS = 60
const ALL_OTHERS = 'all others'

interface Window {
  readonly startedAt: number
  /** The failures since the last one that was recorded, and the latest of them. */
  repeated: number
  latest: EventWithoutChange
}

const windowsOf = new WeakMap<Pool, Map<string, Window>>()

/**
 * Records failures that a caller can repeat without limit, without a row for each. Of the failures with the same key,
 * the first in a minute is recorded at once. The others are counted, and `details.count` of the next recorded event is
 * their number. One process therefore records at most about 120 events per minute. The counts of the last minute are
 * lost when the process ends.
 */
export async function recordRepeatedFailure(
  deps: { pool: Pool },
  key: readonly (string | null)[],
  event: EventWithoutChange,
): Promise<void> {
  const windows = windowsOf.get(deps.pool) ?? new Map<string, Window>()
  windowsOf.set(deps.pool, windows)
  const startedAt = event.at.getTime()
  const toRecord: EventWithoutChange[] = []
  for (const [kind, { startedAt: began, repeated, latest }] of windows) {
    if (startedAt - began < WINDOW_MS) continue
    windows.delete(kind)
    if (repeated > 0) toRecord.push(withCount(latest, repeated))
  }
  const own = JSON.stringify(key)
  const kind = windows.has(own) || windows.size < MOST_KINDS ? own : ALL_OTHERS
  const window = windows.get(kind)
  if (window) {
    window.repeated += 1
    window.latest = event
  } else {
    windows.set(kind, { startedAt, repeated: 0, latest: event })
    toRecord.push(withCount(event, 1))
  }
  for (const due of toRecord) await recordEventWithoutChange(deps, due)
}

function withCount(event: EventWithoutChange, count: number): EventWithoutChange {
  return { ...event, details: { ...event.details, count } }
}
