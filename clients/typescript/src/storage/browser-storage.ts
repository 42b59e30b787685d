import { memoryStorage } from './memory-storage.ts'
import type { SignedOutReason, StoredTokens, TokenStorage } from './token-storage.ts'

/** Long enough for a change of localStorage to reach another tab: in Chromium it arrives a few milliseconds after the lock. */
const ARRIVAL_OF_CHANGES_MS = 50

/**
 * Keeps the tokens in localStorage, so that all tabs of the origin share one session and a reload keeps it. A Web Lock lets
 * one tab refresh at a time. Where the page has no localStorage (rendering on a server, or a browser that blocks it), the
 * tokens are kept in memory.
 *
 * A change reaches the other tabs by the `storage` event. It comes when the new tokens can be read there. A BroadcastChannel
 * may come earlier, and an open channel can keep a page out of the back/forward cache.
 *
 * @param name the key in localStorage and the name of the lock. Give each client of an origin a name of its own.
 */
export function browserStorage(name = 'latchkey'): TokenStorage {
  const area = localStorageOfPage()
  if (!area) return memoryStorage()
  return {
    load() {
      const content = contentOf(area.getItem(name))
      return typeof content === 'object' && content?.refreshToken ? content : null
    },
    save: (tokens) => area.setItem(name, JSON.stringify(tokens)),
    clear(reason) {
      area.setItem(name, JSON.stringify(reason)) // tells the other tabs why
      area.removeItem(name)
    },
    async exclusively(task) {
      // Without Web Locks (a page over plain http), the service's window for repeated refresh tokens covers two tabs.
      const locks = globalThis.navigator?.locks
      if (!locks) return task()
      const done = await locks.request(name, { ifAvailable: true }, async (lock) => lock && { result: await task() })
      if (done) return done.result
      return locks.request(name, async () => {
        // What the other tab wrote arrives a moment later than its lock. An early look would cost a second refresh.
        await new Promise((resolve) => setTimeout(resolve, ARRIVAL_OF_CHANGES_MS))
        return task()
      })
    },
    listen(listener) {
      const onStorage = ({ key, newValue }: StorageEvent) => {
        // The key is null when all of localStorage was cleared.
        if (key !== null && key !== name) return
        const content = contentOf(newValue)
        listener(typeof content === 'string' ? content : undefined)
      }
      // A page in the back/forward cache receives no events.
      const onPageShow = ({ persisted }: PageTransitionEvent) => persisted && listener()
      addEventListener('storage', onStorage)
      addEventListener('pageshow', onPageShow)
      return () => {
        removeEventListener('storage', onStorage)
        removeEventListener('pageshow', onPageShow)
      }
    },
  }
}

/** What save() or clear() wrote; null for anything else. */
function contentOf(value: string | null): StoredTokens | SignedOutReason | null {
  try {
    return value && JSON.parse(value)
  } catch {
    return null
  }
}

function localStorageOfPage(): Storage | undefined {
  try {
    return globalThis.localStorage
  } catch {
    return undefined // the browser blocks it (SecurityError)
  }
}
