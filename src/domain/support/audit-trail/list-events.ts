import type { Event } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { cutPage, type Page, type PageOf } from '../../page.ts'
import { Refusal } from '../../problems.ts'
import { idsInAuditTrail } from '../erasure/erased-account.ts'
import { type EventView, toEventView } from './event-view.ts'

/** Limits the events. Without any field, all events of the account match. `from` is included, `to` is not. */
export interface EventFilter {
  readonly from?: Date
  readonly to?: Date
  readonly type?: string
}

/**
 * Lists the audit trail of an account, the newest event first. The remaining trail of an erased account is found by the
 * id that the account had.
 *
 * @throws {Refusal} not_found if no account has this id, and no erased account had it.
 */
export async function listEvents(
  deps: Deps,
  accountId: string,
  filter: EventFilter,
  page: Page,
): Promise<PageOf<EventView>> {
  const ids = idsInAuditTrail(deps, accountId)
  const found: Event[] = []
  for (const id of ids) found.push(...(await readNewest(deps, id, filter, page)))
  const events = found.sort((one, other) => (one.id < other.id ? 1 : -1))
  if (events.length === 0 && page.after === undefined) await assertKnown(deps, accountId, ids)
  const { items, next } = cutPage(events, page.limit, ({ id }) => id)
  return { items: items.map(toEventView), next }
}

/**
 * Reads the events under one id. Asked for several ids at once, PostgreSQL cannot read them from the index in the order of
 * the list: it would read every event of the account, or walk through the newest events of all accounts.
 */
async function readNewest(deps: Deps, accountId: string, filter: EventFilter, page: Page): Promise<Event[]> {
  const { from, to, type } = filter
  return deps.db.event.findMany({
    where: {
      accountId,
      ...(type === undefined ? {} : { type }),
      ...(from || to ? { at: { ...(from && { gte: from }), ...(to && { lt: to }) } } : {}),
      ...(page.after === undefined ? {} : { id: { lt: page.after } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit + 1,
  })
}

async function assertKnown(deps: Deps, accountId: string, ids: string[]): Promise<void> {
  const account = await deps.db.account.findUnique({ where: { id: accountId }, select: { id: true } })
  const event = account ?? (await deps.db.event.findFirst({ where: { accountId: { in: ids } }, select: { id: true } }))
  if (!event) throw new Refusal('not_found')
}
