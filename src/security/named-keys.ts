/**
 * The keys of one purpose. A value that is made with a key contains the key's id, so that a newer key can replace it.
 */
export interface NamedKeys {
  /** The key with which new values are made. */
  current(): { readonly id: string; readonly key: Buffer }
  find(id: string): Buffer | undefined
}
