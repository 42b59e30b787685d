import { createHash } from 'node:crypto'
import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockUnaddressedSecurityEvents } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { addJob } from '../jobs.ts'

/** Creates the deliveries of an account's new events, in the order in which they were committed, and queues the jobs. */
export async function addressSecurityEvents(deps: Deps, accountId: string): Promise<void> {
  const now = deps.clock.now()
  const { urls } = deps.config.securityEvents
  await inTransaction(deps.db, async (tx) => {
    const ids = await lockUnaddressedSecurityEvents(tx, accountId)
    await tx.securityEventDelivery.createMany({
      data: ids.flatMap((eventId) => urls.map((url) => ({ eventId, url, queuedAt: now }))),
      skipDuplicates: true,
    })
    await tx.securityEvent.updateMany({ where: { id: { in: ids } }, data: { addressedAt: now } })
    if (ids.length === 0) return
    for (const url of urls) await addDeliveryJob(tx, { accountId, url, mode: 'preserve_run_at' })
  })
}

/**
 * Queues the job that delivers the pending events of one account to one URL. With `preserve_run_at`, a job that waits
 * for its next attempt keeps its time. Each URL has its own queue, which runs one job at a time, so that a receiver
 * that hangs holds one slot of the worker and delays no other receiver.
 */
export async function addDeliveryJob(
  tx: Transaction,
  job: { accountId: string; url: string; mode: 'replace' | 'preserve_run_at'; delaySeconds?: number },
): Promise<void> {
  const { accountId, url, mode, delaySeconds = 0 } = job
  const queue = `security events ${createHash('sha256').update(url).digest('hex').slice(0, 16)}` // graphile-worker limits the length of queue names
  await addJob(
    tx,
    'deliver_security_events',
    { accountId, url },
    { queue, delaySeconds, key: `${queue} ${accountId}`, keyMode: mode },
  )
}
