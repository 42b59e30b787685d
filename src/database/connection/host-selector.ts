import type { DatabaseHost } from './database-url.ts'

/**
 * Remembers which of several hosts was used last, so that only the first connection after a fail-over has to search.
 */
export class HostSelector {
  readonly #hosts: readonly DatabaseHost[]
  #current = 0

  constructor(hosts: readonly DatabaseHost[]) {
    this.#hosts = hosts
  }

  get count(): number {
    return this.#hosts.length
  }

  get current(): DatabaseHost {
    return this.#hosts[this.#current] as DatabaseHost
  }

  /** Goes on to the next host, unless a concurrent attempt at the same host has done so already. */
  passOver(host: DatabaseHost): void {
    if (this.current === host) this.#current = (this.#current + 1) % this.#hosts.length
  }
}
