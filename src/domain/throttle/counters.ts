import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { FROM_ONE_NETWORK, FROM_STRANGERS, type Ladder } from './ladders.ts'
import { networkOf } from './network.ts'

/**
 * Whose password is tried. Text that is not an address has counters of its own, so that no text can change the counters
 * of an address.
 */
export type AttemptTarget = { readonly address: NormalizedAddress } | { readonly typedText: string }

/** One row of `throttles`: failures of one kind at one target. */
export interface Counter {
  readonly kind: 'network' | 'strangers' | 'session'
  readonly key: string
  readonly ladder: Ladder
}

/** The hash by which a reset or an erasure finds every counter of an address. */
export function hashTarget({ keys }: Pick<Deps, 'keys'>, target: AttemptTarget): string {
  return 'address' in target ? hashAddress({ keys }, target.address) : keys.keyedHash('typed text', target.typedText)
}

export function networkCounter(deps: Pick<Deps, 'keys'>, target: AttemptTarget, ip: string): Counter {
  const key = deps.keys.keyedHash('guesses from a network', hashTarget(deps, target), networkOf(ip))
  return { kind: 'network', key, ladder: FROM_ONE_NETWORK }
}

export function strangersCounter(deps: Pick<Deps, 'keys'>, target: AttemptTarget): Counter {
  const key = deps.keys.keyedHash('guesses of strangers', hashTarget(deps, target))
  return { kind: 'strangers', key, ladder: FROM_STRANGERS }
}

/** The second counter of attempts within a session, out of reach of strangers. */
export function sessionCounter({ keys }: Pick<Deps, 'keys'>, sessionId: string): Counter {
  return { kind: 'session', key: keys.keyedHash('guesses in a session', sessionId), ladder: FROM_STRANGERS }
}
