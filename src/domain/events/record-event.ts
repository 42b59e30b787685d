import type { Transaction } from '../../database/client.ts'
import { queueSecurityEvent } from './queue-security-event.ts'

/** Where a request came from, as the audit trail, the session list and the notices show it. */
export interface Origin {
  readonly ip: string
  readonly userAgent: string | null
  readonly requestId: string
}

export type EventType =
  | 'account.registration_requested'
  | 'account.created'
  | 'account.email_verified'
  | 'login'
  | 'password.proven'
  | 'password.changed'
  | 'password.reset'
  | 'password.reset_requested'
  | 'session.refresh_token_reused'
  | 'session.ended'
  | 'email_change.requested'
  | 'email_change.confirmed'
  | 'email_change.cancelled'
  | 'email_change.reverted'
  | 'service_client.created'
  | 'service_client.secret_rotated'
  | 'service_client.disabled'
  | 'service_client.token_revoked'
  | 'signing_key.rotated'
  | 'keys.reencrypted'
  | 'account.disabled'
  | 'account.enabled'
  | 'account.erased'
  | 'address.unlocked'
  | 'service_client.login'
  | 'service_client.denied'
  | 'address.suppression_cleared'
  | 'security_event.replayed'

export type EventActor =
  | 'account'
  | 'anonymous'
  | 'system'
  | { readonly serviceClientId: string }
  /** Whoever has a shell on the machine, by the name they have there. */
  | { readonly operator: string }

export interface NewEvent {
  readonly type: EventType
  readonly at: Date
  readonly outcome?: 'success' | 'failure'
  readonly accountId?: string | null
  readonly sessionId?: string | null
  /** `anonymous` where the caller has proven nothing, as with a mailed link before it is known to be good. */
  readonly actor?: EventActor
  readonly origin: Origin | null
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

/**
 * Appends to the audit trail in the transaction of the change, so that neither can exist without the other; and what
 * other systems have to hear of is queued for them with it.
 */
export async function recordEvent(tx: Transaction, event: NewEvent): Promise<void> {
  const actor = event.actor ?? 'account'
  const recorded = await tx.event.create({
    data: {
      type: event.type,
      at: event.at,
      outcome: event.outcome ?? 'success',
      accountId: event.accountId ?? null,
      sessionId: event.sessionId ?? null,
      ...actorColumns(actor, event.accountId),
      ip: event.origin?.ip ?? null,
      userAgent: event.origin?.userAgent ?? null,
      requestId: event.origin?.requestId ?? null,
      details: event.details ?? {},
    },
    select: { id: true, type: true, at: true, accountId: true, sessionId: true, actorType: true },
  })
  await queueSecurityEvent(tx, recorded)
}

/** How an actor is written down, also by those who write many events in one statement. */
export function actorColumns(
  actor: EventActor,
  accountId: string | null | undefined,
): { actorType: string; actorId: string | null } {
  if (typeof actor === 'string') return { actorType: actor, actorId: actor === 'account' ? (accountId ?? null) : null }
  if ('operator' in actor) return { actorType: 'system', actorId: actor.operator }
  return { actorType: 'service_client', actorId: actor.serviceClientId }
}
