/** Deletes rows in batches until a batch is not full. @returns how many rows were deleted in all. */
export async function deleteInBatches(size: number, deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0
  for (let count = size; count === size; total += count) count = await deleteBatch()
  return total
}
