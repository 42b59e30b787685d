import type { Deps } from '../../deps.ts'

export interface SecurityEventView {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly accountId: string
  readonly deliveries: ReadonlyArray<{
    readonly url: string
    readonly state: string
    readonly attempts: number
    readonly attemptedAt: Date | null
    readonly deliveredAt: Date | null
    readonly reason: string | null
  }>
}

export interface SecurityEventFilter {
  readonly accountId?: string
  /** Events with a delivery in this state. */
  readonly state?: 'pending' | 'delivered' | 'failed'
  readonly limit: number
  /** The `nextCursor` of the page before. */
  readonly cursor?: string
}

/** What other systems were told, or are still to be told, the newest first. */
export async function listSecurityEvents(
  deps: Deps,
  filter: SecurityEventFilter,
): Promise<{ events: SecurityEventView[]; nextCursor: string | null }> {
  const { accountId, state, limit, cursor } = filter
  const found = await deps.db.securityEvent.findMany({
    where: {
      ...(accountId === undefined ? {} : { accountId }),
      ...(state === undefined ? {} : { deliveries: { some: { state } } }),
      ...(cursor === undefined ? {} : { position: { lt: BigInt(cursor) } }),
    },
    orderBy: { position: 'desc' },
    take: limit + 1,
    select: {
      ...{ id: true, type: true, at: true, accountId: true, position: true },
      deliveries: { omit: { eventId: true, queuedAt: true }, orderBy: { url: 'asc' } },
    },
  })
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    events: page.map(({ position: _, ...event }) => event),
    nextCursor: last === undefined ? null : String(last.position),
  }
}
