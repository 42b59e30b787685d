import type { Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import type { Origin } from '../events/record-event.ts'
import { hashTarget, networkCounter } from './counters.ts'
import { daysBefore } from './time.ts'

/** A network stays known for this long after the last correct password or opened link from it. */
export const KNOWN_NETWORK_DAYS = 30

/** Networks that were confirmed after this time are known. */
export function knownSince(now: Date): Date {
  return daysBefore(now, KNOWN_NETWORK_DAYS)
}

/**
 * Makes a network known for an address: its owner has just opened a mailed link there. What strangers do then no longer
 * slows the owner down at this network.
 */
export async function trustNetwork(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  opened: { address: NormalizedAddress; origin: Origin; now: Date },
): Promise<void> {
  const { address, origin, now } = opened
  const { key } = networkCounter(deps, { address }, origin.ip)
  const addressHash = hashTarget(deps, { address })
  await tx.throttle.upsert({
    where: { key },
    create: { key, addressHash, failures: 0, succeededAt: now, updatedAt: now },
    update: { succeededAt: now, updatedAt: now },
  })
}

/**
 * Call this when the address loses its owner or gets a new one: all its networks become unknown. The failures stay
 * counted. Otherwise a guesser could notice that an account was created or erased.
 */
export async function forgetNetworks(tx: Transaction, addressHashes: readonly string[]): Promise<void> {
  await tx.throttle.updateMany({ where: { addressHash: { in: [...addressHashes] } }, data: { succeededAt: null } })
}
