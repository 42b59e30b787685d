import { expect, test } from '@jest/globals'
import { createHashingLane, HashingLaneFull, type HashingPlace } from '../../src/security/hashing/hashing-lane.ts'

const PATIENT = 60_000

/** Work that runs until the test ends it. */
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

/** Which networks get a place after the first caller, in order, and which are refused. */
async function networksServed(
  bounds: { maxWaiting: number },
  arrivals: readonly string[],
): Promise<{ served: string[]; refused: string[] }> {
  const lane = createHashingLane({ cores: 1, places: 1, longestWaitMs: PATIENT, ...bounds })
  const first = work()
  const served: string[] = []
  const refused: string[] = []
  const running = lane.run('the first', first.start)
  const waiting = arrivals.map((network) =>
    lane
      .run(network, async () => void served.push(network))
      .catch((error: unknown) => {
        if (!(error instanceof HashingLaneFull)) throw error
        refused.push(network)
      }),
  )
  first.finish()
  await Promise.all([running, ...waiting])
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
  return { served, refused }
}

test('as many callers run as there are places, and those of one network follow in the order they came', async () => {
  const lane = createHashingLane({ cores: 2, places: 2, maxWaiting: 10, longestWaitMs: PATIENT })
  const works = [work(), work(), work(), work()]
  const [first, second, third, fourth] = works
  const results = works.map((each) => lane.run('home', each.start))
  await tick()
  expect(works.map((each) => each.isStarted())).toEqual([true, true, false, false])
  expect(lane.load()).toEqual({ running: 2, waiting: 2 })

  second?.finish()
  await tick()
  expect(works.map((each) => each.isStarted())).toEqual([true, true, true, false])

  for (const each of [first, third, fourth]) each?.finish()
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done'])
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})

test('networks take turns, however many callers of one network came first', async () => {
  const arrivals = ['flood', 'flood', 'flood', 'flood', 'home', 'work', 'home']

  const { served } = await networksServed({ maxWaiting: 10 }, arrivals)

  expect(served).toEqual(['flood', 'home', 'work', 'flood', 'home', 'flood', 'flood'])
})

test('when the lane is full, the network with the most callers loses its last one to a network that has fewer', async () => {
  const { served, refused } = await networksServed({ maxWaiting: 4 }, [...Array(4).fill('flood'), 'home', 'work'])

  expect(served).toEqual(['flood', 'home', 'work', 'flood'])
  expect(refused).toEqual(['flood', 'flood'])
})

test('when the lane is full, a caller of the network with the most of them is refused', async () => {
  const { served, refused } = await networksServed({ maxWaiting: 3 }, ['flood', 'flood', 'home', 'flood'])

  expect(served).toEqual(['flood', 'home', 'flood'])
  expect(refused).toEqual(['flood'])
})

test('when the lane is full and every network has one caller, the newest is refused', async () => {
  const { served, refused } = await networksServed({ maxWaiting: 3 }, ['one', 'two', 'three', 'four'])

  expect(served).toEqual(['one', 'two', 'three'])
  expect(refused).toEqual(['four'])
})

test('past the bound a caller is refused at once and its work never starts, and the lane says so beforehand', async () => {
  const lane = createHashingLane({ cores: 1, places: 1, maxWaiting: 2, longestWaitMs: PATIENT })
  const [running, waiting, other, refused] = [work(), work(), work(), work()]
  const results = [lane.run('flood', running.start), lane.run('flood', waiting.start)]
  expect(lane.refuses('flood')).toBe(false)
  results.push(lane.run('flood', other.start))

  expect(lane.refuses('flood')).toBe(true)
  expect(lane.refuses('home')).toBe(false)
  await expect(lane.run('flood', refused.start)).rejects.toThrow(HashingLaneFull)

  for (const each of [running, waiting, other]) each.finish()
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done'])
  expect(refused.isStarted()).toBe(false)
})

test('a caller that has waited too long is refused, and its work never starts', async () => {
  const lane = createHashingLane({ cores: 1, places: 1, maxWaiting: 5, longestWaitMs: 1 })
  const [running, waiting] = [work(), work()]
  const first = lane.run('home', running.start)

  await expect(lane.run('home', waiting.start)).rejects.toThrow(HashingLaneFull)
  running.finish()
  await first

  expect(waiting.isStarted()).toBe(false)
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
  const next = work()
  next.finish()
  expect(await lane.run('home', next.start)).toBe('done')
})

test('work that fails gives its place back', async () => {
  const lane = createHashingLane({ cores: 1, places: 1, maxWaiting: 1, longestWaitMs: PATIENT })
  await expect(lane.run('home', () => Promise.reject(new Error('bcrypt failed')))).rejects.toThrow('bcrypt failed')

  expect(await lane.run('home', () => Promise.resolve('done'))).toBe('done')
  expect(lane.load()).toEqual({ running: 0, waiting: 0 })
})

test('a place can be used until its work ends, and not after that', async () => {
  const lane = createHashingLane({ cores: 1, places: 1, maxWaiting: 1, longestWaitMs: PATIENT })
  let kept: HashingPlace | undefined

  const result = await lane.run('home', (place) => {
    kept = place
    return place.use(async () => 'hashed')
  })

  expect(result).toBe('hashed')
  await expect(kept?.use(async () => 'hashed')).rejects.toThrow('given back')
})

test('of those who have a place, no more use it at once than there are cores', async () => {
  const lane = createHashingLane({ cores: 1, places: 2, maxWaiting: 1, longestWaitMs: PATIENT })
  const [first, second] = [work(), work()]
  const results = [first, second].map((each) => lane.run('home', (place) => place.use(each.start)))
  await tick()
  expect(lane.load()).toEqual({ running: 2, waiting: 0 })
  expect([first.isStarted(), second.isStarted()]).toEqual([true, false])

  first.finish()
  await tick()
  expect(second.isStarted()).toBe(true)

  second.finish()
  expect(await Promise.all(results)).toEqual(['done', 'done'])
})

test('a free place goes to the network that has the fewest places, before the turn of one that has more', async () => {
  const lane = createHashingLane({ cores: 2, places: 2, maxWaiting: 10, longestWaitMs: PATIENT })
  const [first, second] = [work(), work()]
  const order: string[] = []
  const results = [lane.run('flood', first.start), lane.run('flood', second.start)]
  const flood = lane.run('flood', async () => void order.push('flood'))
  const home = lane.run('home', async () => void order.push('home'))

  first.finish()
  await Promise.all([flood, home])
  second.finish()
  await Promise.all(results)

  expect(order).toEqual(['home', 'flood'])
})
