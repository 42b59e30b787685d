import { isIP } from 'node:net'
import type { Event } from '../../../database/generated/client.ts'

/** One event of the audit trail: who did what, when, and from where. */
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
    ipFamily: familyOf(ip),
    details: details as Record<string, unknown>,
  }
}

function familyOf(ip: string | null): EventView['ipFamily'] {
  if (ip === null) return null
  return isIP(ip) === 6 ? 'IPv6' : 'IPv4'
}
