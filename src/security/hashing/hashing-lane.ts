/** There is no place in the lane for this caller, who should come back after `retryAfterSeconds`. */
export class HashingLaneFull extends Error {
  readonly retryAfterSeconds = 2
}

/** A place in the lane. Its holder may do whatever belongs to a password, and calls bcrypt through `use`. */
export interface HashingPlace {
  /**
   * Runs work that keeps a core busy, as soon as a core is free.
   *
   * @throws if the place has been given back.
   */
  use<Result>(work: () => Promise<Result>): Promise<Result>
}

export interface HashingLane {
  /**
   * Waits until it is the network's turn, and keeps the place until `work` ends.
   *
   * @throws {HashingLaneFull} before `work` has started.
   */
  run<Result>(network: string, work: (place: HashingPlace) => Promise<Result>): Promise<Result>
  /** Whether `run` would refuse this network at once. */
  refuses(network: string): boolean
  /** How many callers have a place now, and how many wait for one. */
  load(): { running: number; waiting: number }
}

export interface HashingLaneBounds {
  /** How many bcrypt calls may run at once. */
  readonly cores: number
  /** How many callers may have a place at once. With more places than cores, some wait for the database while others hash. */
  readonly places: number
  readonly maxWaiting: number
  /** At a high cost even a short queue takes longer than anybody waits for an answer. */
  readonly longestWaitMs: number
}

interface Waiter {
  readonly network: string
  proceed(): void
  refuse(reason: string): void
}

/**
 * Bounds the bcrypt calls that run at once, and the callers that wait to make one. bcrypt works in libuv's thread pool,
 * which DNS and file access share: 40 unbounded hashes delayed an unrelated file stat by two seconds (measured), and more
 * threads than cores hash no faster.
 *
 * Networks take turns, however many callers of one of them are waiting, so that one client cannot keep the others from
 * signing in. When `maxWaiting` callers wait, the network with the most of them loses its last one to a network that has
 * fewer; a caller whose own network is that network is refused at once.
 */
export function createHashingLane({ cores, places, maxWaiting, longestWaitMs }: HashingLaneBounds): HashingLane {
  const useCore = shareCores(cores)
  /** The waiting callers of each network, in order of arrival. The network whose turn is next comes first. */
  const queues = new Map<string, Waiter[]>()
  let running = 0
  let waiting = 0

  function append(waiter: Waiter): void {
    const queue = queues.get(waiter.network)
    if (queue) queue.push(waiter)
    else queues.set(waiter.network, [waiter])
    waiting += 1
  }

  function remove(waiter: Waiter): void {
    const queue = queues.get(waiter.network) ?? []
    queue.splice(queue.indexOf(waiter), 1)
    if (queue.length === 0) queues.delete(waiter.network)
    waiting -= 1
  }

  /** The last caller of the network with the most of them, unless the given network would then have as many itself. */
  function findWaiterToReplace(network: string): Waiter | undefined {
    let longest: Waiter[] = []
    for (const queue of queues.values()) if (queue.length > longest.length) longest = queue
    const own = queues.get(network)?.length ?? 0
    return longest.length > own + 1 ? longest.at(-1) : undefined
  }

  function leave(): void {
    const [queue] = queues.values()
    const next = queue?.[0]
    if (!queue || !next) {
      running -= 1
      return
    }
    remove(next)
    queues.delete(next.network)
    if (queue.length > 0) queues.set(next.network, queue) // its next turn comes after everybody else's
    next.proceed()
  }

  function isFull(): boolean {
    return running >= places && waiting >= maxWaiting
  }

  async function enter(network: string): Promise<void> {
    if (running < places) {
      running += 1
      return
    }
    if (isFull()) {
      const replaced = findWaiterToReplace(network)
      if (!replaced) throw new HashingLaneFull('the hashing lane is full')
      replaced.refuse('the hashing lane is full, and other networks have fewer requests waiting')
    }
    await waitForTurn(network)
  }

  function waitForTurn(network: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        network,
        proceed() {
          clearTimeout(timeout)
          resolve()
        },
        refuse(reason) {
          clearTimeout(timeout)
          remove(waiter)
          reject(new HashingLaneFull(reason))
        },
      }
      const timeout = setTimeout(() => waiter.refuse('the hashing lane is too slow'), longestWaitMs)
      append(waiter)
    })
  }

  return {
    async run(network, work) {
      await enter(network)
      let isHeld = true
      const place: HashingPlace = {
        async use(hashing) {
          if (!isHeld) throw new Error('a place in the hashing lane was used after it had been given back')
          return useCore(hashing)
        },
      }
      try {
        return await work(place)
      } finally {
        isHeld = false
        leave()
      }
    },
    refuses: (network) => isFull() && findWaiterToReplace(network) === undefined,
    load: () => ({ running, waiting }),
  }
}

/** Lets as many callers work at once as there are cores, in order of arrival. */
function shareCores(cores: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: Array<() => void> = []
  let free = cores
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
