import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import { addJob, type Erasure } from '../../jobs.ts'
import { eraseFromOthers } from './erase-from-others.ts'
import { eraseTraces } from './erase-traces.ts'
import { pseudonymOf } from './erased-account.ts'

/** How many rows of each kind, and of how many other accounts, one transaction erases. It then takes less than a second. */
const ROWS_AT_ONCE = 2_000
/** How long to wait for other systems: while deliveries are being attempted, and after they have failed. */
const WHILE_DELIVERING_SECONDS = 30
const AFTER_GIVING_UP_SECONDS = 3_600

/** One job for each erasure. The key does not name the account. */
export function erasureJobKey(deps: Pick<Deps, 'keys'>, accountId: string): string {
  return `erasure ${pseudonymOf(deps, accountId)}`
}

/**
 * Erases the rest of a person's data in batches, and records `account.erasure_completed` once no row of any table names
 * the person. If it is killed, the next run continues where it stopped, because erased rows are not found again.
 *
 * Other systems must receive the event of the erasure with the account's id. The erasure is therefore complete only
 * after each of them has received the event, or after the event's retention has passed. Until then, the job is
 * repeated.
 */
export async function finishErasure(deps: Deps, erasure: Erasure): Promise<void> {
  let isComplete = false
  while (!isComplete) {
    isComplete = await inTransaction(deps.db, async (tx) => {
      const areOthersComplete = await eraseFromOthers(tx, erasure, ROWS_AT_ONCE)
      return (await eraseTraces(deps, tx, erasure, ROWS_AT_ONCE)) && areOthersComplete
    })
  }

  const { accountId } = erasure
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const states = await deliveryStates(deps, accountId)
    if (states.size > 0) {
      const delaySeconds = states.has('pending') ? WHILE_DELIVERING_SECONDS : AFTER_GIVING_UP_SECONDS
      await addJob(tx, 'finish_erasure', erasure, { key: erasureJobKey(deps, accountId), delaySeconds })
      return
    }
    await tx.securityEvent.deleteMany({ where: { accountId } })
    const pseudonym = pseudonymOf(deps, accountId)
    await recordEvent(tx, {
      type: 'account.erasure_completed',
      at: now,
      accountId: pseudonym,
      actor: 'system',
      origin: null,
    })
  })
}

/** Why other systems have not received the event of the erasure yet. */
async function deliveryStates(deps: Deps, accountId: string): Promise<Set<'pending' | 'failed'>> {
  const rows = await deps.db.$queryRaw<Array<{ state: 'pending' | 'failed' }>>`
    SELECT 'pending' AS state FROM security_events WHERE account_id = ${accountId}::uuid AND addressed_at IS NULL
    UNION
    SELECT d.state FROM security_events e JOIN security_event_deliveries d ON d.event_id = e.id
    WHERE e.account_id = (SELECT ${accountId}::uuid) AND (d.state = 'pending' OR d.state = 'failed' AND e.type = 'account.erased')`
  return new Set(rows.map(({ state }) => state))
}
