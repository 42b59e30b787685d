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

/** Whether attempts at an address are being slowed down, for Support. The owner may be free to sign in all the same. */
export async function readThrottle(deps: Deps, address: NormalizedAddress): Promise<ThrottleState> {
  const now = deps.clock.now()
  const strangersKey = strangersCounter(deps, { address }).key
  const [row] = await deps.db.$queryRaw<Array<{ blocked_until: Date | null; failures: number }>>`
    SELECT max(blocked_until) FILTER (WHERE blocked_until > ${now}) AS blocked_until,
           coalesce(sum(failures) FILTER (WHERE
             key = ${strangersKey} AND updated_at >= ${secondsBefore(now, FROM_STRANGERS.memorySeconds)}
             OR succeeded_at > ${knownSince(now)} AND updated_at >= ${secondsBefore(now, FROM_ONE_NETWORK.memorySeconds)}
           ), 0)::int AS failures
    FROM throttles WHERE address_hash = ANY(${hashesOfAddress(deps, address)})`
  return { blockedUntil: row?.blocked_until ?? null, failures: row?.failures ?? 0 }
}
