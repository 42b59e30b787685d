import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

/** @throws {Refusal} not_found where no change is pending. */
export async function readPendingEmailChange(
  deps: Deps,
  principal: Principal,
): Promise<{ pendingEmail: string; expiresAt: Date }> {
  const pending = await deps.db.emailChange.findFirst({
    where: { accountId: principal.accountId, confirmedAt: null, endedAt: null, expiresAt: { gt: deps.clock.now() } },
    select: { toEmail: true, expiresAt: true },
  })
  if (!pending) throw new Refusal('not_found')
  return { pendingEmail: pending.toEmail, expiresAt: pending.expiresAt }
}

/**
 * Gives up the pending change; its confirm link is dead from now on.
 *
 * @throws {Refusal} not_found where no change is pending.
 */
export async function cancelEmailChange(deps: Deps, input: { principal: Principal; origin: Origin }): Promise<void> {
  const { accountId, sessionId } = input.principal
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.emailChange.updateMany({
      where: { accountId, confirmedAt: null, endedAt: null, expiresAt: { gt: now } },
      data: { endedAt: now, endReason: 'cancelled' },
    })
    if (count === 0) throw new Refusal('not_found')
    await recordEvent(tx, { type: 'email_change.cancelled', at: now, accountId, sessionId, origin: input.origin })
  })
}
