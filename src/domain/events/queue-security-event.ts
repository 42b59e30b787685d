import type { Transaction } from '../../database/client.ts'
import { currentSpan } from '../../tracing/span.ts'
import { addJob } from '../jobs.ts'

/**
 * The audit events that are also sent to other systems, so that these systems can end their own sessions of the
 * account. One more, the reuse of a refresh token, is queued by a statement in database/session-statements.ts.
 */
const SENT_TO_OTHER_SYSTEMS: ReadonlySet<string> = new Set([
  'password.changed',
  'password.reset',
  'email_change.confirmed',
  'email_change.reverted',
  'account.disabled',
  'account.enabled',
  'account.erased',
])

/**
 * Queues an event for other systems in the transaction of the change and its audit event, so that either all of them
 * are committed or none.
 */
export async function queueSecurityEvent(
  tx: Transaction,
  event: {
    id: string
    type: string
    at: Date
    accountId: string | null
    sessionId: string | null
    actorType: string
  },
): Promise<void> {
  const { accountId } = event
  if (accountId === null || !SENT_TO_OTHER_SYSTEMS.has(event.type)) return
  const traceparent = currentSpan()?.traceparent ?? null
  await tx.securityEvent.create({ data: { ...event, accountId, traceparent }, select: { id: true } })
  // The worker decides which URLs receive the event, because it sends with its own configuration.
  await addJob(tx, 'address_security_events', { accountId })
}
