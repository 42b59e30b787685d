import type { Event } from '../../src/database/generated/client.ts'
import type { Deps } from '../../src/deps.ts'
import type { EventType } from '../../src/domain/events/record-event.ts'

/** The events of one type in the audit trail, the newest first: of one account, or of all if none is given. */
export function eventsOf(deps: Deps, type: EventType, accountId?: string): Promise<Event[]> {
  return deps.db.event.findMany({
    where: { type, ...(accountId === undefined ? {} : { accountId }) },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
  })
}
