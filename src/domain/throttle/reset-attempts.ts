import type { Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import { hashesOfAddress } from '../addresses/address-hashes.ts'
import type { Origin } from '../events/record-event.ts'
import { trustNetwork } from './known-networks.ts'

/**
 * The owner has recovered the account by a mailed link: every counter of the address is cleared, and the network of this
 * request is the only known one. The networks known before may include one of a thief who knew the password.
 */
export async function resetAttempts(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  recovery: { address: NormalizedAddress; origin: Origin; now: Date },
): Promise<void> {
  await tx.throttle.updateMany({
    where: { addressHash: { in: hashesOfAddress(deps, recovery.address) } },
    data: { failures: 0, blockedUntil: null, succeededAt: null },
  })
  await trustNetwork(deps, tx, recovery)
}
