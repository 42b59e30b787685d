import type { Deps } from '../../src/deps.ts'
import { HashingLaneFull } from '../../src/security/hashing/hashing-lane.ts'
import { HOME } from './api.ts'

/**
 * Takes every place of the hashing lane for one network, so that the lane refuses this network at once.
 *
 * @returns a function that frees the places again.
 */
export function occupyLane({ hashingLane }: Deps, network: string = HOME): () => Promise<void> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const members: Array<Promise<void>> = []
  while (!hashingLane.refuses(network)) {
    const member = hashingLane
      .run(network, () => released)
      .catch((error: unknown) => {
        if (!(error instanceof HashingLaneFull)) throw error // the lane lets nobody wait for longer than some seconds
      })
    members.push(member)
  }
  return async () => {
    release()
    await Promise.all(members)
  }
}
