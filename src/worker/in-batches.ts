/** Deletes batch after batch until one is not full. @returns how many rows went in all. */
export async function inBatches(size: number, deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0
  for (let count = size; count === size; total += count) count = await deleteBatch()
  return total
}
