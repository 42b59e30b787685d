import type { Clock } from '../../src/database/clock.ts'

/** Real time until a test moves it. It only goes forward, because existing sessions and links must stay in the past. */
export class TestClock implements Clock {
  #aheadMs = 0

  now(): Date {
    return new Date(Date.now() + this.#aheadMs)
  }

  advance(seconds: number): void {
    this.#aheadMs += seconds * 1000
  }

  /** To the service, a moved test clock is right. */
  secondsAhead(): number {
    return 0
  }

  async synchronize(): Promise<void> {}
}
