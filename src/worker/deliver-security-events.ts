import { inTransaction } from '../database/client.ts'
import type { SecurityEvent, SecurityEventDelivery } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import { addDeliveryJob } from '../domain/security-events/address-security-events.ts'
import { retryDelaySeconds } from '../retry-delay.ts'
import { webhookHeaders } from '../security/webhook-signature.ts'
import { postWebhook } from './post-webhook.ts'
import { traceSecurityEvent } from './trace-delivery.ts'

const RETRY = { firstSeconds: 5, longestSeconds: 300 }
/** After this time the event fails, so that the later events are sent. Support can still replay it. */
const GIVE_UP_AFTER_SECONDS = 3 * 86_400

/**
 * Sends the pending events of one account to one URL, the oldest first. An event that could not be delivered delays the
 * later ones: a receiver must not learn that an account was enabled before it learns that it was disabled. If the
 * process is killed in between, an event is sent again, under the same id.
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
    const hasMore = await traceSecurityEvent(deps, delivery, () => deliver(deps, delivery, stopping))
    if (!hasMore) return
  }
}

type Delivery = SecurityEventDelivery & { readonly event: SecurityEvent }

/** @returns whether the later events may be sent. */
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
  if (hasFailed(deps, delivery)) {
    const data = { state: 'failed', attemptedAt, attempts, reason }
    await deps.db.securityEventDelivery.update({ where: { eventId_url: { eventId, url } }, data })
    deps.log.error({ ...about, reason }, 'security event failed')
    return true
  }
  await inTransaction(deps.db, async (tx) => {
    const data = { attemptedAt, attempts, reason }
    await tx.securityEventDelivery.update({ where: { eventId_url: { eventId, url } }, data })
    const { accountId } = event
    const delaySeconds = retryDelaySeconds(delivery.attempts + 1, RETRY)
    await addDeliveryJob(tx, { accountId, url, mode: 'replace', delaySeconds })
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

const NOT_CONFIGURED = 'The URL is no longer configured'

function hasFailed(deps: Deps, { url, queuedAt }: Delivery): boolean {
  const isTooOld = deps.clock.now().getTime() - queuedAt.getTime() > GIVE_UP_AFTER_SECONDS * 1000
  return isTooOld || !deps.config.securityEvents.urls.includes(url)
}
