const queues = new Map<string, Promise<unknown>>()

/**
 * Runs what is asked for one key in turn, within this process. It saves work and decides nothing: who may spend a link
 * is for the database to say, whichever replica asks.
 */
export async function oneAtATime<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
  const mine = (queues.get(key) ?? Promise.resolve()).then(work, work)
  queues.set(key, mine)
  try {
    return await mine
  } finally {
    if (queues.get(key) === mine) queues.delete(key)
  }
}
