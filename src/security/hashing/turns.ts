/** Runs pieces of work with the same key one after the other, within this process. */
export interface Turns {
  take<Result>(key: string, work: () => Promise<Result>): Promise<Result>
}

/**
 * Taking turns only saves work. Of fifty concurrent requests with the same mailed link, only one can succeed, but
 * without turns all fifty passwords would be hashed. The database decides which request succeeds, on every replica.
 */
export function createTurns(): Turns {
  const queues = new Map<string, Promise<unknown>>()
  return {
    async take(key, work) {
      const turn = (queues.get(key) ?? Promise.resolve()).then(work, work)
      queues.set(key, turn)
      try {
        return await turn
      } finally {
        if (queues.get(key) === turn) queues.delete(key)
      }
    },
  }
}
