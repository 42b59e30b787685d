import { type Event, Prisma } from '../../../database/generated/client.ts'
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
  const events = await readNewest(deps, ids, filter, page)
  if (events.length === 0 && page.after === undefined) await assertKnown(deps, accountId, ids)
  const { items, next } = cutPage(events, page.limit, ({ id }) => id)
  return { items: items.map(toEventView), next }
}

/**
 * Reads a page under each id, and of those the newest. With a condition on several ids, PostgreSQL could not read them from
 * the index in the order of the list: it would read every event of the account, or walk through the newest events of all
 * accounts.
 */
async function readNewest(deps: Deps, ids: readonly string[], filter: EventFilter, page: Page): Promise<Event[]> {
  const conditions = [
    Prisma.sql`account_id = known.id`,
    ...(filter.type === undefined ? [] : [Prisma.sql`type = ${filter.type}`]),
    ...(filter.from === undefined ? [] : [Prisma.sql`at >= ${filter.from}`]),
    ...(filter.to === undefined ? [] : [Prisma.sql`at < ${filter.to}`]),
    ...(page.after === undefined ? [] : [Prisma.sql`id < ${page.after}::uuid`]),
  ]
  const most = page.limit + 1
  return deps.db.$queryRaw<Event[]>`
    SELECT e.id, at, type, outcome, account_id AS "accountId", session_id AS "sessionId", actor_type AS "actorType",
           actor_id AS "actorId", ip, user_agent AS "userAgent", request_id AS "requestId", details
    FROM unnest(${[...ids]}::uuid[]) AS known (id) CROSS JOIN LATERAL (
      SELECT * FROM events WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY id DESC LIMIT ${most}) AS e
    ORDER BY e.id DESC LIMIT ${most}`
}

async function assertKnown(deps: Deps, accountId: string, ids: string[]): Promise<void> {
  const account = await deps.db.account.findUnique({ where: { id: accountId }, select: { id: true } })
  const event = account ?? (await deps.db.event.findFirst({ where: { accountId: { in: ids } }, select: { id: true } }))
  if (!event) throw new Refusal('not_found')
}
