/** Runs work that has the same key one piece after the other, within this process. */
export interface Turns {
  take<Result>(key: string, work: () => Promise<Result>): Promise<Result>
}

/**
 * Taking turns saves work and decides nothing. Of fifty requests with one mailed link, only one can succeed, but all fifty
 * would be hashed if they came at the same time. Which one succeeds is decided by the database, on any replica.
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
