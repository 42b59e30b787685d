import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { recordEvent } from '../events/record-event.ts'
import { BY_SYSTEM, type Requester } from '../events/requester.ts'

/**
 * Shuts a client out for good: its secrets and the tokens it has are dead at once.
 *
 * @returns whether there was such a client; disabling it twice changes nothing.
 */
export async function disableClient(
  deps: Pick<Deps, 'db' | 'clock'>,
  clientId: string,
  by: Requester = BY_SYSTEM,
): Promise<boolean> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const { count } = await tx.serviceClient.updateMany({
      where: { id: clientId, disabledAt: null },
      data: { disabledAt: now },
    })
    if (count === 0) return (await tx.serviceClient.count({ where: { id: clientId } })) > 0
    const details = { clientId }
    await recordEvent(tx, { type: 'service_client.disabled', at: now, ...by, details })
    return true
  })
}
