import type { TestContext } from 'node:test'

type Listener = (event: object) => void

interface TabView {
  /** localStorage as this tab sees it. */
  readonly items: Map<string, string>
  readonly listeners: Map<string, Set<Listener>>
}

export interface Browser {
  /** Runs `open` in a new tab: what it creates sees this tab's localStorage and events. */
  openTab<Result>(open: () => Result): Result
  /** Sets an item in every tab, without events. */
  setItem(key: string, value: string): void
  /** Removes all items in every tab, without events. */
  clear(): void
  /** The content of localStorage in the tab that was opened last. */
  items(): Map<string, string>
  /** Tells the tab that was opened first that it comes back from the back/forward cache. */
  restoreFirstTab(): void
}

/** As in Chromium, a change reaches the other tabs later than a lock that is released after it. */
const ARRIVAL_OF_CHANGES_MS = 5

/** localStorage, its events and Web Locks, as the tabs of one browser see them. Without `locks`, as over plain http. */
export function fakeBrowser(t: TestContext, options: { locks: boolean } = { locks: true }): Browser {
  const tabs: TabView[] = []
  const initial = new Map<string, string>()

  function change(origin: TabView, key: string, newValue: string | null): void {
    set(origin, key, newValue)
    for (const tab of tabs) {
      if (tab === origin) continue
      setTimeout(() => {
        set(tab, key, newValue)
        dispatch(tab, 'storage', { key, newValue })
      }, ARRIVAL_OF_CHANGES_MS)
    }
  }

  replaceGlobal(t, 'navigator', options.locks ? { locks: fakeLocks() } : {})
  return {
    openTab(open) {
      const tab: TabView = { items: new Map(tabs.at(-1)?.items ?? initial), listeners: new Map() }
      tabs.push(tab)
      replaceGlobal(t, 'localStorage', {
        getItem: (key: string) => tab.items.get(key) ?? null,
        setItem: (key: string, value: string) => change(tab, key, value),
        removeItem: (key: string) => change(tab, key, null),
      })
      replaceGlobal(t, 'addEventListener', (type: string, listener: Listener) => {
        tab.listeners.set(type, (tab.listeners.get(type) ?? new Set()).add(listener))
      })
      replaceGlobal(t, 'removeEventListener', (type: string, listener: Listener) => {
        for (const { listeners } of tabs) listeners.get(type)?.delete(listener)
      })
      return open()
    },
    setItem(key, value) {
      for (const items of [initial, ...tabs.map((tab) => tab.items)]) items.set(key, value)
    },
    clear() {
      for (const items of [initial, ...tabs.map((tab) => tab.items)]) items.clear()
    },
    items: () => tabs.at(-1)?.items ?? initial,
    restoreFirstTab() {
      if (tabs[0]) dispatch(tabs[0], 'pageshow', { persisted: true })
    },
  }
}

function set({ items }: TabView, key: string, value: string | null): void {
  if (value === null) items.delete(key)
  else items.set(key, value)
}

function dispatch({ listeners }: TabView, type: string, event: object): void {
  for (const listener of listeners.get(type) ?? []) listener(event)
}

type LockTask = (lock: object | null) => unknown

/** One task at a time for each name, in the order of the requests. */
function fakeLocks(): {
  request(name: string, ...rest: [LockTask] | [{ ifAvailable: true }, LockTask]): Promise<unknown>
} {
  const last = new Map<string, Promise<unknown>>()
  const held = new Map<string, number>()
  return {
    async request(name, ...rest) {
      const [options, task] = rest.length === 1 ? [{}, rest[0]] : rest
      if ('ifAvailable' in options && held.get(name)) return task(null)
      held.set(name, (held.get(name) ?? 0) + 1)
      const result = (last.get(name) ?? Promise.resolve())
        .then(() => task({ name }))
        .finally(() => held.set(name, (held.get(name) ?? 0) - 1))
      last.set(
        name,
        result.catch(() => undefined),
      )
      return result
    },
  }
}

/** Replaces a property of the global object until the test ends. */
export function replaceGlobal(t: TestContext, name: string, value: unknown): void {
  const original = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  t.after(() => {
    if (original) Object.defineProperty(globalThis, name, original)
    else Reflect.deleteProperty(globalThis, name)
  })
}
