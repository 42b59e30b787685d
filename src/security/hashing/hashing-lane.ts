/** The hashing lane has no place for this caller. The client should try again after `retryAfterSeconds`. */
export class HashingLaneFull extends Error {
  readonly retryAfterSeconds = 2
}

/**
 * A place in the hashing lane. While a caller holds it, it can do all work for one password and call bcrypt through
 * `use`.
 */
export interface HashingPlace {
  /**
   * Runs work that keeps a core busy, as soon as a core is free.
   *
   * @throws {Error} if the place has been given back.
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
  /** How many callers may have a place at once. If there is one more than cores, one reads the database while others hash. */
  readonly places: number
  readonly maxWaiting: number
  /**
   * The longest time that a caller waits. At a high bcrypt cost, even a short queue could take longer than a client
   * waits.
   */
  readonly longestWaitMs: number
}

interface Waiter {
  readonly network: string
  proceed(): void
  refuse(reason: string): void
}

/**
 * Bounds the bcrypt calls that run at once, and the callers that wait to make one. bcrypt works in libuv's thread pool,
 * which DNS and file access share: 40 unbounded hashes delayed an unrelated file stat by two seconds (measured), and
 * more threads than cores hash no faster.
 *
 * A free place goes to the network that has the fewest places, and of several such networks to the one whose last turn
 * is longest ago. Therefore one network cannot keep the others from signing in, even if very many of its callers wait.
 * When `maxWaiting` callers wait, a new caller takes the place of the last caller of the network with the most waiting
 * callers. If the new caller belongs to that network, it is refused at once.
 */
export function createHashingLane({ cores, places, maxWaiting, longestWaitMs }: HashingLaneBounds): HashingLane {
  const useCore = shareCores(cores)
  /** The waiting callers of each network, in order of arrival. The network whose turn is next comes first. */
  const queues = new Map<string, Waiter[]>()
  const placesOf = new Map<string, number>()
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

  /** The waiting network with the fewest places; of several, the one whose turn is next. */
  function nextNetwork(): string | undefined {
    let next: string | undefined
    for (const network of queues.keys()) {
      if (next === undefined || (placesOf.get(network) ?? 0) < (placesOf.get(next) ?? 0)) next = network
    }
    return next
  }

  function giveBack(network: string): void {
    const left = (placesOf.get(network) ?? 0) - 1
    if (left > 0) placesOf.set(network, left)
    else placesOf.delete(network)
    running -= 1
  }

  function take(network: string): void {
    placesOf.set(network, (placesOf.get(network) ?? 0) + 1)
    running += 1
  }

  function leave(network: string): void {
    giveBack(network)
    const next = nextNetwork()
    const queue = next === undefined ? undefined : queues.get(next)
    const waiter = queue?.[0]
    if (!queue || !waiter) return
    remove(waiter)
    queues.delete(waiter.network)
    if (queue.length > 0) queues.set(waiter.network, queue) // the network's next turn comes after those of all other networks
    take(waiter.network)
    waiter.proceed()
  }

  function isFull(): boolean {
    return running >= places && waiting >= maxWaiting
  }

  async function enter(network: string): Promise<void> {
    if (running < places) {
      take(network)
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
        leave(network)
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
