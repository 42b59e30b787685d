import type { Event } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { type EventView, toEventView } from './event-view.ts'

/** Beside what one account's trail shows, whose it is. */
export type ExportedEvent = EventView & { readonly accountId: string | null }

/** Few enough to hold in memory many times over, enough that a million take a thousand reads. */
const BATCH = 1_000

/**
 * The audit trail from one time (inclusive) to another (exclusive), the oldest first, a batch at a time: each begins
 * behind the last event of the one before, so neither memory nor a transaction grows with the length of the trail, and
 * a reader that is slow, or goes away, stops the reading.
 */
export async function* exportEvents(deps: Deps, period: { from: Date; to: Date }): AsyncGenerator<ExportedEvent> {
  const { from, to } = period
  let last: Pick<Event, 'id' | 'at'> | null = null
  for (;;) {
    const batch: Event[] = await deps.db.event.findMany({
      where: { at: { gte: last?.at ?? from, lt: to }, ...(last && { OR: isBehind(last) }) },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
      take: BATCH,
    })
    for (const event of batch) yield { ...toEventView(event), accountId: event.accountId }
    last = batch.at(-1) ?? null
    if (batch.length < BATCH) return
  }
}

function isBehind({ at, id }: Pick<Event, 'id' | 'at'>) {
  return [{ at: { gt: at } }, { at, id: { gt: id } }]
}
