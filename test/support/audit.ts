import type { Event } from '../../src/database/generated/client.ts'
import type { Deps } from '../../src/deps.ts'
import type { EventType } from '../../src/domain/events/record-event.ts'

/** The newest rows of the audit trail of one type, the newest first; all accounts' unless one is named. */
export function eventsOf(deps: Deps, type: EventType, accountId?: string): Promise<Event[]> {
  return deps.db.event.findMany({
    where: { type, ...(accountId === undefined ? {} : { accountId }) },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
  })
}
