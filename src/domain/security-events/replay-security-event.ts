import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import { Refusal } from '../problems.ts'
import { addDeliveryJob } from './address-security-events.ts'

/**
 * Sends an event again to every URL that is configured now, including those that have received it. The id stays the same,
 * so that a receiver can recognise the event.
 *
 * @throws {Refusal} not_found
 */
export async function replaySecurityEvent(deps: Deps, input: { eventId: string; by: Requester }): Promise<void> {
  const { eventId, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const event = await tx.securityEvent.findUnique({ where: { id: eventId }, select: { accountId: true } })
    if (!event) throw new Refusal('not_found')
    const { accountId } = event
    for (const url of deps.config.securityEvents.urls) {
      const restarted = { state: 'pending', queuedAt: now, attempts: 0, deliveredAt: null, reason: null }
      await tx.securityEventDelivery.upsert({
        where: { eventId_url: { eventId, url } },
        create: { eventId, url, ...restarted },
        update: restarted,
      })
      await addDeliveryJob(tx, { accountId, url, mode: 'replace' })
    }
    const details = { eventId }
    await recordEvent(tx, { type: 'security_event.replayed', at: now, accountId, ...by, details })
  })
}
