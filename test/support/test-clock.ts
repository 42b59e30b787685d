import type { Clock } from '../../src/deps.ts'

/** Real time until it is moved; it only ever goes forward, as sessions and links made before must stay in the past. */
export class TestClock implements Clock {
  #ahead = 0

  now(): Date {
    return new Date(Date.now() + this.#ahead)
  }

  advance(seconds: number): void {
    this.#ahead += seconds * 1000
  }
}
