/** Every place in the lane is taken; the caller should come back after `retryAfterSeconds`. */
export class HashingLaneFull extends Error {
  readonly retryAfterSeconds = 2
}

export interface HashingLane {
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** Whether a call would be refused at once. */
  isFull(): boolean
  /** Calls now in the lane and calls that wait for it. */
  load(): { running: number; waiting: number }
}

export interface HashingLaneBounds {
  readonly width: number
  readonly maxWaiting: number
  /** At a high cost even a short queue takes longer than anybody waits for an answer. */
  readonly longestWaitMs: number
}

/**
 * Lets at most `width` bcrypt calls run at once and refuses beyond `maxWaiting`. bcrypt works in libuv's thread pool,
 * which DNS and file access share: 40 unbounded hashes delayed an unrelated file stat by two seconds (measured), and
 * more threads than cores hash no faster. A caller refused at once does less harm than one that waits and retries.
 *
 * @throws {HashingLaneFull} from `run`, without having started the work.
 */
export function createHashingLane({ width, maxWaiting, longestWaitMs }: HashingLaneBounds): HashingLane {
  const waiting = new Set<() => void>() // in the order of arrival
  let running = 0

  function leave(): void {
    const [next] = waiting
    if (next) next()
    else running -= 1
  }

  function isFull(): boolean {
    return running >= width && waiting.size >= maxWaiting
  }

  async function enter(): Promise<void> {
    if (running < width) {
      running += 1
      return
    }
    if (isFull()) throw new HashingLaneFull('the hashing lane is full')
    await new Promise<void>((resolve, reject) => {
      const proceed = (): void => {
        clearTimeout(patience)
        waiting.delete(proceed)
        resolve() // the place is handed over by whoever leaves
      }
      const patience = setTimeout(() => {
        waiting.delete(proceed)
        reject(new HashingLaneFull('the hashing lane is too slow'))
      }, longestWaitMs)
      waiting.add(proceed)
    })
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
    isFull,
    load: () => ({ running, waiting: waiting.size }),
  }
}
