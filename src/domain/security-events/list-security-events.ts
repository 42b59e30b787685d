import type { Deps } from '../../deps.ts'
import { cutPage, type Page, type PageOf } from '../page.ts'

export interface SecurityEventView {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly accountId: string
  readonly deliveries: Array<{
    readonly url: string
    readonly state: string
    readonly attempts: number
    readonly attemptedAt: Date | null
    readonly deliveredAt: Date | null
    readonly reason: string | null
  }>
}

/** Lists the security events that were delivered to other systems or are pending, the newest first. */
export async function listSecurityEvents(
  deps: Deps,
  filter: { accountId?: string; state?: 'pending' | 'delivered' | 'failed' },
  page: Page,
): Promise<PageOf<SecurityEventView>> {
  const { accountId, state } = filter
  const ids = accountId === undefined && state !== undefined ? await findByState(deps, state, page) : null
  const found = await deps.db.securityEvent.findMany({
    where: {
      ...(accountId === undefined ? {} : { accountId }),
      ...(state === undefined || ids ? {} : { deliveries: { some: { state } } }),
      ...(page.after === undefined ? {} : { id: { lt: page.after } }),
      ...(ids && { id: { in: ids } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit + 1,
    select: {
      id: true,
      type: true,
      at: true,
      accountId: true,
      deliveries: { omit: { eventId: true, queuedAt: true }, orderBy: { url: 'asc' } },
    },
  })
  return cutPage(found, page.limit, ({ id }) => id)
}

/**
 * Reads the ids of one page from the index of the deliveries, in its order. With a join, PostgreSQL would read every failed
 * delivery for each page, and after the outage of a receiver those are many.
 */
async function findByState(deps: Deps, state: string, { after, limit }: Page): Promise<string[]> {
  const rows = await deps.db.securityEventDelivery.groupBy({
    by: ['eventId'],
    where: { state, ...(after === undefined ? {} : { eventId: { lt: after } }) },
    orderBy: { eventId: 'desc' },
    take: limit + 1,
  })
  return rows.map(({ eventId }) => eventId)
}
