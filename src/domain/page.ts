/** Which page of a list is read: at most `limit` items, beginning after the item with the key `after`. */
export interface Page {
  readonly limit: number
  readonly after?: string
}

export interface PageOf<Item> {
  readonly items: Item[]
  /** The key after which the next page begins; null if this is the last page. */
  readonly next: string | null
}

/** Makes a page of the rows that were read. Read one row more than `limit`: it shows whether there is a next page. */
export function cutPage<Item>(read: readonly Item[], limit: number, keyOf: (item: Item) => string): PageOf<Item> {
  const items = read.slice(0, limit)
  const last = items.at(-1)
  return { items, next: read.length > limit && last !== undefined ? keyOf(last) : null }
}
