import { expect, test } from '@jest/globals'
import { createHashingLane, HashingLaneFull } from '../../src/security/hashing-lane.ts'

const PATIENT = 60_000

/** Work that is under way until it is told to finish. */
function work() {
  let finish: (value: string) => void = () => undefined
  const done = new Promise<string>((resolve) => {
    finish = resolve
  })
  let isStarted = false
  return {
    start: () => {
      isStarted = true
      return done
    },
    finish: () => finish('done'),
    isStarted: () => isStarted,
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))

test('as many run as the lane is wide, the rest in the order they came', async () => {
  const lane = createHashingLane({ width: 2, maxWaiting: 10, longestWaitMs: PATIENT })
  const works = [work(), work(), work(), work()]
  const [first, second, third, fourth] = works
  const results = works.map((each) => lane.run(each.start))
  await tick()
  expect(works.map((each) => each.isStarted())).toEqual([true, true, false, false])
  expect(lane.load()).toEqual({ running: 2, waiting: 2 })

  second?.finish()
  await tick()
  expect(works.map((each) => each.isStarted())).toEqual([true, true, true, false])

  for (const each of [first, third, fourth]) each?.finish()
  await tick()
  fourth?.finish()
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done'])
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})

test('past the bound a call is refused at once, and never started', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 1, longestWaitMs: PATIENT })
  const [running, waiting, refused] = [work(), work(), work()]
  expect(lane.isFull()).toBe(false)
  const results = [lane.run(running.start)]
  expect(lane.isFull()).toBe(false)
  results.push(lane.run(waiting.start))

  expect(lane.isFull()).toBe(true)
  await expect(lane.run(refused.start)).rejects.toThrow(HashingLaneFull)

  running.finish()
  waiting.finish()
  expect(await Promise.all(results)).toEqual(['done', 'done'])
  expect(refused.isStarted()).toBe(false)
})

test('who has waited too long is let go, and never started', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 5, longestWaitMs: 1 })
  const [running, waiting] = [work(), work()]
  const first = lane.run(running.start)

  await expect(lane.run(waiting.start)).rejects.toThrow(HashingLaneFull)
  running.finish()
  await first

  expect(waiting.isStarted()).toBe(false)
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
  const next = work()
  next.finish()
  expect(await lane.run(next.start)).toBe('done')
})

test('work that fails gives its place back', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 1, longestWaitMs: PATIENT })
  await expect(lane.run(() => Promise.reject(new Error('bcrypt failed')))).rejects.toThrow('bcrypt failed')

  expect(await lane.run(() => Promise.resolve('done'))).toBe('done')
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})
