/**
 * Creates a function that does `work` for its callers in batches. While one batch is being worked on, the next callers
 * gather. So a single caller never waits for others, and the more callers there are, the larger are the batches.
 *
 * If `work` fails for a batch, it is done again for each of its items alone, so that an item that cannot be processed
 * does not fail the others. `work` must have no effect when it fails.
 */
export function inBatches<Item>(
  most: number,
  work: (items: readonly Item[]) => Promise<void>,
): (item: Item) => Promise<void> {
  const gathered: Array<{ item: Item; resolve: () => void; reject: (error: unknown) => void }> = []
  let isWorking = false

  async function workAll(): Promise<void> {
    isWorking = true
    while (gathered.length > 0) {
      const batch = gathered.splice(0, most)
      try {
        await work(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        if (batch.length === 1) batch[0]?.reject(error)
        else await Promise.all(batch.map(({ item, resolve, reject }) => work([item]).then(resolve, reject)))
      }
    }
    isWorking = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      gathered.push({ item, resolve, reject })
      if (!isWorking) void workAll()
    })
}
