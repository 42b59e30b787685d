/** One page of a list: at most `limit` items, those behind the key of the last one seen. */
export interface Page {
  readonly limit: number
  readonly after?: string
}

export interface PageOf<Item> {
  readonly items: Item[]
  /** The key to go on from; null where this was the last page. */
  readonly next: string | null
}

/** Cuts what was read, one more than fits, to a page. */
export function cutPage<Item>(read: readonly Item[], limit: number, keyOf: (item: Item) => string): PageOf<Item> {
  const items = read.slice(0, limit)
  const last = items.at(-1)
  return { items, next: read.length > limit && last !== undefined ? keyOf(last) : null }
}
