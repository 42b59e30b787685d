import { inTransaction } from '../database/client.ts'
import type { SecurityEvent, SecurityEventDelivery } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import { addDeliveryJob } from '../domain/security-events/address-security-events.ts'
import { webhookHeaders } from '../security/webhook-signature.ts'
import { postWebhook } from './post-webhook.ts'

const LONGEST_WAIT_SECONDS = 300
/** Then the event is given up, so that those behind it can go on; a replay sends it after all. */
const GIVE_UP_AFTER_SECONDS = 3 * 86_400

/**
 * Sends what one account has waiting for one URL, the oldest first and none past one that failed: a receiver must not
 * hear that an account was enabled before it hears that it was disabled. A process killed in between sends an event
 * once more, under the same id.
 */
export async function deliverSecurityEvents(
  deps: Deps,
  work: { accountId: string; url: string },
  stopping: AbortSignal,
): Promise<void> {
  for (;;) {
    const delivery = await deps.db.securityEventDelivery.findFirst({
      where: { url: work.url, state: 'pending', event: { accountId: work.accountId } },
      orderBy: { event: { position: 'asc' } },
      include: { event: true },
    })
    if (!delivery) return
    const hasMore = await deliver(deps, delivery, stopping)
    if (!hasMore) return
  }
}

type Delivery = SecurityEventDelivery & { readonly event: SecurityEvent }

/** Whether those behind it may go on. */
async function deliver(deps: Deps, delivery: Delivery, stopping: AbortSignal): Promise<boolean> {
  const { eventId, url, event } = delivery
  const attemptedAt = deps.clock.now()
  const reason = await send(deps, delivery, stopping)
  const attempts = { increment: 1 }
  const about = { eventId, accountId: event.accountId, receiver: new URL(url).origin }
  if (reason === null) {
    const data = { state: 'delivered', attemptedAt, deliveredAt: deps.clock.now(), attempts, reason }
    await deps.db.securityEventDelivery.update({ where: { eventId_url: { eventId, url } }, data })
    deps.log.info(about, 'security event delivered')
    return true
  }
  if (isHopeless(deps, delivery)) {
    const data = { state: 'failed', attemptedAt, attempts, reason }
    await deps.db.securityEventDelivery.update({ where: { eventId_url: { eventId, url } }, data })
    deps.log.error({ ...about, reason }, 'security event given up')
    return true
  }
  await inTransaction(deps.db, async (tx) => {
    const data = { attemptedAt, attempts, reason }
    await tx.securityEventDelivery.update({ where: { eventId_url: { eventId, url } }, data })
    const { accountId } = event
    await addDeliveryJob(tx, { accountId, url, mode: 'replace', delaySeconds: waitAfter(delivery.attempts + 1) })
  })
  deps.log.warn({ ...about, reason }, 'security event postponed')
  return false
}

async function send(deps: Deps, { event, url }: Delivery, stopping: AbortSignal): Promise<string | null> {
  const { urls, secret } = deps.config.securityEvents
  if (!secret || !urls.includes(url)) return NOT_CONFIGURED
  const { id, type, at, accountId, sessionId, actorType } = event
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { accountId, sessionId, actorType } })
  const headers = webhookHeaders(secret, { id, body, now: deps.clock.now() })
  return postWebhook(url, { headers, body, stopping })
}

const NOT_CONFIGURED = 'The URL is not configured any more'

function isHopeless(deps: Deps, { url, queuedAt }: Delivery): boolean {
  const isTooOld = deps.clock.now().getTime() - queuedAt.getTime() > GIVE_UP_AFTER_SECONDS * 1000
  return isTooOld || !deps.config.securityEvents.urls.includes(url)
}

function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, 5 * 2 ** Math.min(attempts - 1, 10)) * (0.75 + Math.random() / 2)
}
