import { expect, test } from '@jest/globals'
import { createHashingLane, HashingLaneFull } from '../../src/security/hashing-lane.ts'

/** Work that ends when it is told to. */
function heldWork() {
  const held: Array<(outcome?: Error) => void> = []
  return {
    held,
    begin: () =>
      new Promise<void>((resolve, reject) => held.push((outcome) => (outcome ? reject(outcome) : resolve()))),
  }
}

test('as many run as the lane is wide, the rest wait their turn', async () => {
  const lane = createHashingLane({ width: 2, maxWaiting: 3 })
  const { held, begin } = heldWork()
  const order: number[] = []

  const all = [0, 1, 2, 3, 4].map((index) => lane.run(begin).then(() => order.push(index)))
  await new Promise(setImmediate)
  expect(lane.load()).toEqual({ running: 2, waiting: 3 })
  while (order.length < 5) {
    held.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(all)

  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})

test('past the last waiting place a call is refused at once, without being started', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 1 })
  const { held, begin } = heldWork()
  let wasStarted = false
  const [first, second] = [lane.run(begin), lane.run(begin)]

  const third = lane.run(async () => {
    wasStarted = true
  })

  await expect(third).rejects.toBeInstanceOf(HashingLaneFull)
  expect(wasStarted).toBe(false)
  held.shift()?.()
  await first
  await new Promise(setImmediate)
  held.shift()?.()
  await second
})

test('work that fails gives its place back', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 5 })

  const failed = lane.run(async () => {
    throw new Error('no')
  })
  const thrown = lane.run((() => {
    throw new Error('at once')
  }) as () => Promise<never>)

  await expect(failed).rejects.toThrow('no')
  await expect(thrown).rejects.toThrow('at once')
  expect(await lane.run(async () => 'yes')).toBe('yes')
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})

test('a lane that was full takes work again', async () => {
  const lane = createHashingLane({ width: 1, maxWaiting: 0 })
  const { held, begin } = heldWork()
  const first = lane.run(begin)
  await expect(lane.run(begin)).rejects.toBeInstanceOf(HashingLaneFull)
  await new Promise(setImmediate)
  held.shift()?.()
  await first

  expect(await lane.run(async () => 'again')).toBe('again')
})
