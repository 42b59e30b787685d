import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
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
