import type { Deps } from '../../deps.ts'
import type { HashingPlace } from '../../security/hashing/hashing-lane.ts'
import { errorTypeOf, inChildSpan, startChildSpan } from '../../tracing/span.ts'
import type { Origin } from '../events/record-event.ts'
import { networkOf } from './network.ts'

/**
 * Waits for a place in the hashing lane, in turn with the other networks, and runs work that hashes or compares
 * passwords. Call this before the first statement of a request: a request that gets no place must cost no statement.
 *
 * @throws {HashingLaneFull} before the work has started.
 */
export async function hashInTurn<Result>(
  deps: Pick<Deps, 'hashingLane'>,
  origin: Origin,
  work: (place: HashingPlace) => Promise<Result>,
): Promise<Result> {
  const waiting = startChildSpan('wait for the hashing lane')
  try {
    return await deps.hashingLane.run(networkOf(origin.ip), (place) => {
      waiting?.end()
      return work({ use: (hashing) => inChildSpan('bcrypt', {}, () => place.use(hashing)) })
    })
  } catch (error) {
    waiting?.fail(errorTypeOf(error))
    throw error
  } finally {
    waiting?.end()
  }
}
