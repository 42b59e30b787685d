import type { Event } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { type EventView, toEventView } from './event-view.ts'

/** An event with the id of its account. */
export type ExportedEvent = EventView & { readonly accountId: string | null }

/** A batch is small enough for many concurrent exports to fit in memory. A million events take a thousand reads. */
const BATCH = 1_000

/**
 * Reads the audit trail from one time (included) to another (excluded), the oldest event first. It reads one batch at a
 * time, and each starts after the last event of the previous one. Neither the memory nor a transaction therefore grows
 * with the length of the trail. Reading stops when the caller stops.
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
