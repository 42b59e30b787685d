import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { pendingChange } from '../row-states.ts'

/** @throws {Refusal} not_found if no change is pending. */
export async function readPendingEmailChange(
  deps: Deps,
  principal: Principal,
): Promise<{ pendingEmail: string; expiresAt: Date }> {
  const pending = await deps.db.emailChange.findFirst({
    where: { accountId: principal.accountId, ...pendingChange(deps.clock.now()) },
    select: { toEmail: true, expiresAt: true },
  })
  if (!pending) throw new Refusal('not_found')
  return { pendingEmail: pending.toEmail, expiresAt: pending.expiresAt }
}

/**
 * Cancels the pending change. Its confirm link stops working. Its revert link does not: it would cancel a later change.
 *
 * @throws {Refusal} not_found if no change is pending.
 */
export async function cancelEmailChange(deps: Deps, input: { principal: Principal; origin: Origin }): Promise<void> {
  const { accountId, sessionId } = input.principal
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.emailChange.updateMany({
      where: { accountId, ...pendingChange(now) },
      data: { endedAt: now, endReason: 'cancelled' },
    })
    if (count === 0) throw new Refusal('not_found')
    await recordEvent(tx, { type: 'email_change.cancelled', at: now, accountId, sessionId, origin: input.origin })
  })
}
