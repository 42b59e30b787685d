import type { Deps } from '../../deps.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import type { Origin } from '../events/record-event.ts'
import { networkOf } from './network.ts'

/**
 * Waits for a place in the hashing lane, in turn with the other networks, and runs work that hashes or compares
 * passwords. Take the place before the first statement of a request: one that gets no place must cost nothing.
 *
 * @throws {HashingLaneFull} before the work has started.
 */
export function hashInTurn<Result>(
  deps: Pick<Deps, 'hashingLane'>,
  origin: Origin,
  work: (place: HashingPlace) => Promise<Result>,
): Promise<Result> {
  return deps.hashingLane.run(networkOf(origin.ip), work)
}
