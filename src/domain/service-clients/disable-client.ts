import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import { Refusal } from '../problems.ts'

/**
 * Disables a client for good. Its secrets and its access tokens stop working at once. Disabling it again changes nothing
 * and is not recorded again.
 *
 * @throws {Refusal} not_found
 */
export async function disableClient(
  deps: Pick<Deps, 'db' | 'clock'>,
  input: { clientId: string; by: Requester },
): Promise<void> {
  const { clientId, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.serviceClient.updateMany({
      where: { id: clientId, disabledAt: null },
      data: { disabledAt: now },
    })
    if (count > 0) {
      await recordEvent(tx, { type: 'service_client.disabled', at: now, ...by, details: { clientId } })
      return
    }
    const isDisabledAlready = (await tx.serviceClient.count({ where: { id: clientId } })) > 0
    if (!isDisabledAlready) throw new Refusal('not_found')
  })
}
