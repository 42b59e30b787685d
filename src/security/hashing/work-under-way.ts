/** Which pieces of work this process is doing at the moment, by key. */
export interface WorkUnderWay {
  /** Does the work. Until it ends, `waitFor` with the same key waits for it. */
  track<Result>(key: string, work: () => Promise<Result>): Promise<Result>
  /**
   * Waits until all work with this key that is under way now has ended, whatever its result.
   *
   * @returns whether there was any.
   */
  waitFor(key: string): Promise<boolean>
}

export function createWorkUnderWay(): WorkUnderWay {
  const underWay = new Map<string, Set<Promise<unknown>>>()
  return {
    async track(key, work) {
      const mine = work()
      const all = underWay.get(key) ?? new Set()
      underWay.set(key, all.add(mine))
      try {
        return await mine
      } finally {
        all.delete(mine)
        if (all.size === 0) underWay.delete(key)
      }
    },
    async waitFor(key) {
      const all = underWay.get(key)
      if (!all) return false
      await Promise.allSettled(all)
      return true
    },
  }
}
