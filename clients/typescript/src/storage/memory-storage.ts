import type { StoredTokens, TokenStorage } from './token-storage.ts'

/** Keeps the tokens in a variable: a reload signs the person out, and nothing is left behind on the device. */
export function memoryStorage(): TokenStorage {
  let tokens: StoredTokens | null = null
  return {
    load: () => tokens,
    save(saved) {
      tokens = saved
    },
    clear() {
      tokens = null
    },
  }
}
