import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, deps, people } = await startTestApp()

test('when nothing gets through to the database, the queue for it ends somewhere, and clears again', async () => {
  const ada = await people.verified()
  const { max } = deps.pool.options
  const held = await Promise.all(Array.from({ length: max }, () => deps.pool.connect()))

  const queued = Array.from({ length: 1_500 }, () => api.get('/v1/me', { token: ada.token }))
  while (deps.pool.waitingCount < 1_500) await new Promise((resolve) => setImmediate(resolve))
  const refused = await api.get('/v1/me', { token: ada.token })
  const alive = await api.get('/health/live')
  for (const connection of held) connection.release()
  const answers = await Promise.all(queued)

  expect(refused).toRefuse('overloaded')
  expect(refused.headers['retry-after']).toBe('2')
  expect(alive).toHaveStatus(200)
  for (const { status } of answers) expect([200, 503]).toContain(status)
  expect(await api.get('/v1/me', { token: ada.token })).toHaveStatus(200)
})
