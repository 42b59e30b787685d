/** Every place in the lane is taken; the caller should come back after `retryAfterSeconds`. */
export class HashingLaneFull extends Error {
  readonly retryAfterSeconds = 2
}

export interface HashingLane {
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** Calls now in the lane and calls that wait for it. */
  load(): { running: number; waiting: number }
}

/**
 * Lets at most `width` bcrypt calls run at once and refuses beyond `maxWaiting`. bcrypt works in libuv's thread pool,
 * which DNS and file access share: 40 unbounded hashes delayed an unrelated file stat by two seconds (measured), and
 * more threads than cores hash no faster. A caller refused at once does less harm than one that waits and retries.
 *
 * @throws {HashingLaneFull} from `run`, without having started the work.
 */
export function createHashingLane({ width, maxWaiting }: { width: number; maxWaiting: number }): HashingLane {
  const waiting: Array<() => void> = []
  let running = 0

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  async function enter(): Promise<void> {
    if (running < width) {
      running += 1
      return
    }
    if (waiting.length >= maxWaiting) throw new HashingLaneFull('the hashing lane is full')
    await new Promise<void>((resolve) => waiting.push(resolve)) // the place is handed over by whoever leaves
  }

  return {
    async run(work) {
      await enter()
      try {
        return await work()
      } finally {
        leave()
      }
    },
    load: () => ({ running, waiting: waiting.length }),
  }
}
