const underWay = new Map<string, Set<Promise<unknown>>>()

/** Does what may be waited for, by this key and within this process. */
export async function letOthersWait<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
  const mine = work()
  const all = underWay.get(key) ?? new Set()
  underWay.set(key, all.add(mine))
  try {
    return await mine
  } finally {
    all.delete(mine)
    if (all.size === 0) underWay.delete(key)
  }
}

/** Waits for all of that, however it ends. @returns whether there was any. */
export async function waitForOthers(key: string): Promise<boolean> {
  const others = underWay.get(key)
  if (!others) return false
  await Promise.allSettled(others)
  return true
}
