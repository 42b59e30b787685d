import { isIP } from 'node:net'
import type { Event } from '../../../database/generated/client.ts'

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

export function toEventView(event: Event): EventView {
  const { id, at, type, outcome, actorType, actorId, ip, userAgent, sessionId, requestId, details } = event
  const families = { 0: null, 4: 'IPv4', 6: 'IPv6' } as const
  return {
    id,
    at,
    type,
    ip,
    userAgent,
    sessionId,
    requestId,
    outcome: outcome === 'success' ? 'success' : 'failure',
    actor: { type: actorType, id: actorId },
    ipFamily: families[isIP(ip ?? '') as keyof typeof families],
    details: details as Record<string, unknown>,
  }
}
