import type { Deps } from '../../deps.ts'
import { cutPage, type Page, type PageOf } from '../page.ts'
import { Refusal } from '../problems.ts'
import { idsInAuditTrail } from './erasure/erased-account.ts'
import { type EventView, toEventView } from './event-view.ts'

/**
 * The audit trail of an account, the newest first. That of an erased one can still be read, for it says who erased it.
 *
 * @throws {Refusal} not_found
 */
export async function listEvents(deps: Deps, accountId: string, page: Page): Promise<PageOf<EventView>> {
  const events = await deps.db.event.findMany({
    where: {
      accountId: { in: idsInAuditTrail(deps, accountId) },
      ...(page.after === undefined ? {} : { id: { lt: page.after } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit + 1,
  })
  if (
    events.length === 0 &&
    page.after === undefined &&
    (await deps.db.account.count({ where: { id: accountId } })) === 0
  ) {
    throw new Refusal('not_found')
  }
  const { items, next } = cutPage(events, page.limit, ({ id }) => id)
  return { items: items.map(toEventView), next }
}
