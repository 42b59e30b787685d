/** Keys of one purpose. What is made with one of them names it, so that it can be replaced by a newer one. */
export interface NamedKeys {
  /** The key for everything that is made from now on. */
  current(): { readonly id: string; readonly key: Buffer }
  find(id: string): Buffer | undefined
}
