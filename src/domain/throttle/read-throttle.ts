import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import { hashesOfAddress } from '../addresses/address-hashes.ts'
import { strangersCounter } from './counters.ts'
import { knownSince } from './known-networks.ts'
import { FROM_ONE_NETWORK, FROM_STRANGERS } from './ladders.ts'
import { secondsBefore } from './time.ts'

export interface ThrottleState {
  /** Until when attempts are slowed down somewhere, at the latest; null if no attempt has to wait at the moment. */
  readonly blockedUntil: Date | null
  /** Wrong passwords that still count: those of strangers, and those from the owner's known networks. */
  readonly failures: number
}

const FREE: ThrottleState = { blockedUntil: null, failures: 0 }

/**
 * Reads for Support whether attempts at these addresses are being slowed down, with one statement for all of them. The
 * owner may still be able to sign in, from a network that is known.
 */
export async function readThrottles(
  deps: Deps,
  addresses: readonly NormalizedAddress[],
): Promise<(address: NormalizedAddress) => ThrottleState> {
  const now = deps.clock.now()
  const wanted = addresses.flatMap((address) => {
    const strangersKey = strangersCounter(deps, { address }).key
    return hashesOfAddress(deps, address).map((hash) => ({ address, hash, strangersKey }))
  })
  const rows = await deps.db.$queryRaw<Array<{ address: string; blocked_until: Date | null; failures: number }>>`
    SELECT wanted.address, max(t.blocked_until) FILTER (WHERE t.blocked_until > ${now}) AS blocked_until,
           coalesce(sum(t.failures) FILTER (WHERE
             t.key = wanted.strangers_key AND t.updated_at >= ${secondsBefore(now, FROM_STRANGERS.memorySeconds)}
             OR t.succeeded_at > ${knownSince(now)}
               AND t.updated_at >= ${secondsBefore(now, FROM_ONE_NETWORK.memorySeconds)}
           ), 0)::int AS failures
    FROM unnest(${wanted.map(({ address }) => address)}::text[], ${wanted.map(({ hash }) => hash)}::text[],
                ${wanted.map(({ strangersKey }) => strangersKey)}::text[]) AS wanted (address, hash, strangers_key)
    JOIN throttles t ON t.address_hash = wanted.hash
    GROUP BY wanted.address`
  const states = new Map(rows.map((row) => [row.address, { blockedUntil: row.blocked_until, failures: row.failures }]))
  return (address) => states.get(address) ?? FREE
}
