import { isIP } from 'node:net'
import type { Event } from '../../database/generated/client.ts'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../problems.ts'
import { cutPage, type Page, type PageOf } from './page.ts'

/** One line of the audit trail: who did what, when, from where. */
export interface EventView {
  readonly id: string
  readonly at: Date
  readonly type: string
  readonly outcome: 'success' | 'failure'
  readonly actor: { readonly type: string; readonly id: string | null }
  readonly ip: string | null
  readonly ipFamily: 'IPv4' | 'IPv6' | null
  readonly userAgent: string | null
  readonly sessionId: string | null
  readonly requestId: string | null
  readonly details: Record<string, unknown>
}

/**
 * The audit trail of an account, the newest first. That of an erased one can still be read, for it says who erased it.
 *
 * @throws {Refusal} not_found
 */
export async function listEvents(deps: Deps, accountId: string, page: Page): Promise<PageOf<EventView>> {
  const events = await deps.db.event.findMany({
    where: { accountId, ...(page.after === undefined ? {} : { id: { lt: page.after } }) },
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
  return { items: items.map(toView), next }
}

function toView(event: Event): EventView {
  const { id, at, type, outcome, actorType, actorId, ip, userAgent, sessionId, requestId, details } = event
  const families = { 0: null, 4: 'IPv4', 6: 'IPv6' } as const
  return {
    ...{ id, at, type, ip, userAgent, sessionId, requestId },
    outcome: outcome === 'success' ? 'success' : 'failure',
    actor: { type: actorType, id: actorId },
    ipFamily: families[isIP(ip ?? '') as keyof typeof families],
    details: details as Record<string, unknown>,
  }
}
