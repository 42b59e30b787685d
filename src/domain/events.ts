import type { Transaction } from '../database/client.ts'

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

export interface NewEvent {
  readonly type: EventType
  readonly at: Date
  readonly outcome?: 'success' | 'failure'
  readonly accountId?: string | null
  readonly sessionId?: string | null
  /** `anonymous` where the caller has proven nothing, as with a mailed link before it is known to be good. */
  readonly actor?: 'account' | 'anonymous' | 'system' | { readonly serviceClientId: string }
  readonly origin: Origin | null
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

/** Appends to the audit trail in the transaction of the change, so that neither can exist without the other. */
export async function recordEvent(tx: Transaction, event: NewEvent): Promise<void> {
  const actor = event.actor ?? 'account'
  await tx.event.create({
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
  })
}

function actorColumns(actor: NonNullable<NewEvent['actor']>, accountId: string | null | undefined) {
  if (typeof actor === 'object') return { actorType: 'service_client', actorId: actor.serviceClientId }
  return { actorType: actor, actorId: actor === 'account' ? (accountId ?? null) : null }
}
