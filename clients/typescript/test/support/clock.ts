import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

export interface Clock {
  /** Lets everything run that does not wait for a timer. */
  settle(): Promise<void>
  /** Moves the time on, and runs the timers that are due, in order. */
  advance(seconds: number): Promise<void>
}

/** Replaces the timers and the date for one test. */
export function fakeClock(t: TestContext): Clock {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 10, 26, 12) })
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  return {
    settle,
    async advance(seconds) {
      await settle()
      // A timer that starts another one gets its turn in the next step.
      const steps = Math.min(Math.ceil(seconds * 10), 400)
      for (let step = 0; step < steps; step++) {
        t.mock.timers.tick((seconds * 1000) / steps)
        await settle()
      }
    },
  }
}
