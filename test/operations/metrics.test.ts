import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { createMetrics } from '../../src/operations/metrics.ts'
import type { HashingLane } from '../../src/security/hashing/hashing-lane.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, mailbox, people } = await startTestApp()

const gauge = async (name: string) => {
  const { text } = await api.get('/metrics')
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

test('how many mails wait, and since when, shows that a provider refuses them or that nobody works the queue', async () => {
  expect(await gauge('latchkey_mails_waiting')).toBe(0)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBe(0)

  await api.post('/v1/register', { email: people.newEmail(), password: 'Correct-Horse-7' })
  clock.advance(60)
  await api.post('/v1/register', { email: people.newEmail(), password: 'Correct-Horse-7' })

  expect(await gauge('latchkey_mails_waiting')).toBe(2)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBeGreaterThanOrEqual(60)

  await mailbox.drain()
  expect(await gauge('latchkey_mails_waiting')).toBe(0)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBe(0)
})

test('the backlog of a scrape is the one at the time of the scrape', async () => {
  const ages = [100, 200, 300]
  const lane = { load: () => ({ running: 0, waiting: 0 }) } as HashingLane
  const metrics = createMetrics(lane, {
    readBacklog: async () => ({ waiting: 1, oldestSeconds: ages.shift() ?? 0 }),
    readOutcomes: async () => [],
  })

  const rendered = [await metrics.render(), await metrics.render(), await metrics.render()]

  expect(rendered.map((text) => /^latchkey_oldest_waiting_mail_seconds (\d+)$/m.exec(text)?.[1])).toEqual([
    '100',
    '200',
    '300',
  ])
})
