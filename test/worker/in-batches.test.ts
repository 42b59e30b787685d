import { expect, test } from '@jest/globals'
import { inBatches } from '../../src/worker/in-batches.ts'

/** Work whose batches end when the test says so. */
function controlledWork() {
  const batches: Array<{ items: readonly string[]; end: (error?: Error) => void }> = []
  const work = (items: readonly string[]) =>
    new Promise<void>((resolve, reject) => {
      batches.push({ items, end: (error) => (error ? reject(error) : resolve()) })
    })
  return { batches, work }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))

test('one item is worked on at once, and those that come meanwhile make up the next batches', async () => {
  const { batches, work } = controlledWork()
  const add = inBatches(3, work)

  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(add))
  expect(batches.map(({ items }) => items)).toEqual([['a']])
  batches[0]?.end()
  await tick()
  batches[1]?.end()
  await tick()
  batches[2]?.end()
  await all

  expect(batches.map(({ items }) => items)).toEqual([['a'], ['b', 'c', 'd'], ['e']])
})

test('a caller waits for the batch of its own item', async () => {
  const { batches, work } = controlledWork()
  const add = inBatches(3, work)
  const done: string[] = []

  const first = add('a').then(() => done.push('a'))
  const second = add('b').then(() => done.push('b'))
  batches[0]?.end()
  await first

  expect(done).toEqual(['a'])
  await tick()
  batches[1]?.end()
  await second
  expect(done).toEqual(['a', 'b'])
})

test('an item that cannot be processed does not fail the others of its batch', async () => {
  const done: string[] = []
  const add = inBatches(3, async (items: readonly string[]) => {
    await tick()
    if (items.includes('bad')) throw new Error('it cannot be processed')
    done.push(...items)
  })

  const results = await Promise.allSettled(['a', 'b', 'bad', 'c', 'd'].map(add))

  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(done.sort()).toEqual(['a', 'b', 'c', 'd'])
})
