import type { TestContext } from 'node:test'

type Listener = (event: object) => void

export interface Browser {
  /** The content of localStorage. */
  readonly items: Map<string, string>
  /** Runs `open` in a new tab: what it creates listens to this tab's events. */
  openTab<Result>(open: () => Result): Result
  /** Tells the tab that was opened first that it comes back from the back/forward cache. */
  restoreFirstTab(): void
}

/** localStorage, its events and Web Locks, as the tabs of one browser see them. Without `locks`, as over plain http. */
export function fakeBrowser(t: TestContext, options: { locks: boolean } = { locks: true }): Browser {
  const items = new Map<string, string>()
  const tabs: Array<Map<string, Set<Listener>>> = []

  function dispatch(tab: Map<string, Set<Listener>>, type: string, event: object): void {
    for (const listener of tab.get(type) ?? []) listener(event)
  }

  /** Events of localStorage reach every tab but the one that changed it, and come later. */
  function change(origin: object, key: string, newValue: string | null): void {
    if (newValue === null) items.delete(key)
    else items.set(key, newValue)
    for (const tab of tabs) if (tab !== origin) queueMicrotask(() => dispatch(tab, 'storage', { key, newValue }))
  }

  replaceGlobal(t, 'navigator', options.locks ? { locks: fakeLocks() } : {})
  return {
    items,
    openTab(open) {
      const listeners = new Map<string, Set<Listener>>()
      tabs.push(listeners)
      replaceGlobal(t, 'localStorage', {
        getItem: (key: string) => items.get(key) ?? null,
        setItem: (key: string, value: string) => change(listeners, key, value),
        removeItem: (key: string) => change(listeners, key, null),
      })
      replaceGlobal(t, 'addEventListener', (type: string, listener: Listener) => {
        listeners.set(type, (listeners.get(type) ?? new Set()).add(listener))
      })
      replaceGlobal(t, 'removeEventListener', (type: string, listener: Listener) => {
        for (const tab of tabs) tab.get(type)?.delete(listener)
      })
      return open()
    },
    restoreFirstTab() {
      if (tabs[0]) dispatch(tabs[0], 'pageshow', { persisted: true })
    },
  }
}

/** One task at a time for each name, in the order of the requests. */
function fakeLocks(): { request<Result>(name: string, task: () => Promise<Result>): Promise<Result> } {
  const last = new Map<string, Promise<unknown>>()
  return {
    request(name, task) {
      const result = (last.get(name) ?? Promise.resolve()).then(task)
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
