import { createHash } from 'node:crypto'
import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'

/** Writes down to whom an account's new events go, in the order they were committed, and sets off the deliveries. */
export async function addressSecurityEvents(deps: Deps, accountId: string): Promise<void> {
  const now = deps.clock.now()
  const { urls } = deps.config.securityEvents
  await inTransaction(deps.db, async (tx) => {
    // Two jobs of one account may be at it at once: the second waits here, and finds nothing left.
    const events = await tx.$queryRaw<Array<{ id: string }>>`
      SELECT id FROM security_events WHERE account_id = ${accountId}::uuid AND addressed_at IS NULL
      ORDER BY position FOR UPDATE`
    const ids = events.map(({ id }) => id)
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
 * One job stands for all that an account has waiting for one URL; `preserve_run_at` leaves one that waits for its next
 * try in peace. Each URL has a queue of its own, worked one job at a time, so that a receiver that hangs holds one slot
 * of the worker and nobody else's events.
 */
export async function addDeliveryJob(
  tx: Transaction,
  job: { accountId: string; url: string; mode: 'replace' | 'preserve_run_at'; delaySeconds?: number },
): Promise<void> {
  const { accountId, url, mode, delaySeconds = 0 } = job
  const queue = `security events ${createHash('sha256').update(url).digest('hex').slice(0, 16)}` // names are short there
  await tx.$executeRaw`
    SELECT graphile_worker.add_job('deliver_security_events',
      json_build_object('accountId', ${accountId}::text, 'url', ${url}::text), queue_name => ${queue}::text,
      run_at => now() + make_interval(secs => ${delaySeconds}::float8), job_key => ${`${queue} ${accountId}`}::text,
      job_key_mode => ${mode}::text)`
}
