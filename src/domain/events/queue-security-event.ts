import type { Transaction } from '../../database/client.ts'
import { addJob } from '../jobs.ts'

/**
 * What other systems are told of: whatever makes the sessions and links they may have built on an account worth
 * ending. The reuse of a refresh token is queued by its own statement, in database/session-statements.ts.
 */
const TOLD: ReadonlySet<string> = new Set([
  'password.changed',
  'password.reset',
  'email_change.confirmed',
  'email_change.reverted',
  'account.disabled',
  'account.enabled',
  'account.erased',
])

/** Queues what others are to be told in the transaction of the change and its audit event: all of them, or none. */
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
  if (accountId === null || !TOLD.has(event.type)) return
  await tx.securityEvent.create({ data: { ...event, accountId }, select: { id: true } })
  // The worker decides which URLs receive it: it is the process that sends, with its own configuration.
  await addJob(tx, 'address_security_events', { accountId })
}
