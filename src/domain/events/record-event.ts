import type { Transaction } from '../../database/client.ts'
import { insertEvent } from '../../database/event-statements.ts'
import { newId } from '../../database/new-id.ts'
import type { Deps } from '../../deps.ts'
import { queueSecurityEvent } from './queue-security-event.ts'

/** Where a request came from. The audit trail, the session list and the notices show it. */
export interface Origin {
  readonly ip: string
  readonly userAgent: string | null
  readonly requestId: string
  /** The Accept-Language header. It decides the language of a mail that the request causes. */
  readonly acceptLanguage: string | null
}

export type EventType =
  | 'account.registration_requested'
  | 'account.created'
  | 'account.email_verified'
  | 'account.locale_changed'
  | 'login'
  | 'password.proven'
  /** A counter of wrong passwords begins to block further attempts, or blocks them for longer. */
  | 'password.attempts_throttled'
  | 'password.changed'
  | 'password.reset'
  | 'password.reset_requested'
  | 'session.refresh_token_reused'
  /** A refresh token was presented again within the reuse window, from another network than the first time. */
  | 'session.refresh_shared'
  | 'session.ended'
  | 'email_change.requested'
  | 'email_change.confirmed'
  | 'email_change.cancelled'
  | 'email_change.reverted'
  | 'email_change.refused'
  | 'email_change.revert_links_ended'
  | 'service_client.created'
  | 'service_client.secret_rotated'
  | 'service_client.disabled'
  | 'service_client.token_revoked'
  | 'signing_key.rotated'
  | 'keys.reencrypted'
  | 'secret_key.rotated'
  | 'session.refresh_counter_ahead'
  | 'sessions.ended_by_operator'
  | 'links.ended_by_operator'
  | 'account.disabled'
  | 'account.enabled'
  | 'account.erased'
  | 'account.erasure_completed'
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
  /** The user name of the operator who runs a command. */
  | { readonly operator: string }

export interface NewEvent {
  readonly type: EventType
  readonly at: Date
  readonly outcome?: 'success' | 'failure'
  readonly accountId?: string | null
  readonly sessionId?: string | null
  /**
   * `anonymous` for a caller who has not been authenticated, for example with a mailed link that has not been checked
   * yet.
   */
  readonly actor?: EventActor
  readonly origin: Origin | null
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

/**
 * Records an event in the transaction of the change that it is about, so that neither can exist without the other.
 * Events for other systems are queued in the same transaction.
 */
export async function recordEvent(tx: Transaction, event: NewEvent): Promise<void> {
  const recorded = await tx.event.create({
    data: eventColumns(event),
    select: { id: true, type: true, at: true, accountId: true, sessionId: true, actorType: true },
  })
  await queueSecurityEvent(tx, recorded)
}

/** Events without a change in the database, such as a refusal or a token that is only signed. */
export type EventWithoutChange =
  | (NewEvent & { readonly outcome: 'failure' })
  | (NewEvent & { readonly type: 'service_client.login' })

/** Records an event without a change, and therefore without a transaction. It is not sent to other systems. */
export async function recordEventWithoutChange(deps: Pick<Deps, 'pool'>, event: EventWithoutChange): Promise<void> {
  await insertEvent(deps.pool, { id: newId(), ...eventColumns(event) })
}

/** The columns of an event. Code that records an event with other rows in one statement uses them too. */
export function eventColumns(event: NewEvent) {
  return {
    type: event.type,
    at: event.at,
    outcome: event.outcome ?? 'success',
    accountId: event.accountId ?? null,
    sessionId: event.sessionId ?? null,
    ...actorColumns(event.actor ?? 'account', event.accountId),
    ip: event.origin?.ip ?? null,
    userAgent: event.origin?.userAgent ?? null,
    requestId: event.origin?.requestId ?? null,
    details: event.details ?? {},
  }
}

/** The columns that record who acted. Code that records many events in one statement uses them too. */
export function actorColumns(
  actor: EventActor,
  accountId: string | null | undefined,
): { actorType: string; actorId: string | null } {
  if (typeof actor === 'string') return { actorType: actor, actorId: actor === 'account' ? (accountId ?? null) : null }
  if ('operator' in actor) return { actorType: 'system', actorId: actor.operator }
  return { actorType: 'service_client', actorId: actor.serviceClientId }
}
