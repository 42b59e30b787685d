import { availableParallelism } from 'node:os'
import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import type { Answer } from '../support/api.ts'
import { startTestApp } from '../support/test-app.ts'

// A real cost: a flood of cheap hashes would fill no lane. A wrong sign-in compares twice.
const { api, people, deps } = await startTestApp({ bcryptCost: 9 })
const PLACES = availableParallelism() * 11
const CLIENTS = PLACES + 42

const logIn = (client: number) =>
  api.post(
    '/v1/login',
    { email: `flood.${client}@example.com`, password: 'Wrong-Horse-7' },
    { ip: `203.0.113.${client}` },
  )

test('M3: a flood of sign-ins is answered as far as the lane goes, the rest get 503 and when to come back', async () => {
  const answers = await Promise.all(Array.from({ length: CLIENTS }, (_, client) => logIn(client)))

  const answered = answers.filter(({ status }) => status === 401)
  const refused = answers.filter(({ status }) => status === 503)
  expect(answered.length + refused.length).toBe(CLIENTS)
  expect(answered.length).toBeGreaterThanOrEqual(PLACES)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) {
    expect(answer).toRefuse('overloaded')
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  }
})

test('M3: in the flood everything that hashes nothing is served, before the flood is through', async () => {
  const ada = await people.verified()
  let underWay = 0
  const flood = Array.from({ length: CLIENTS }, async (_, client) => {
    underWay += 1
    const answer = await logIn(client)
    underWay -= 1
    return answer
  })

  const cheap: Answer[] = []
  for (let round = 0; round < 10; round += 1) {
    cheap.push(await api.get('/health/ready'), await ada.refresh(), await ada.get('/v1/me'))
  }
  const stillUnderWay = underWay
  await Promise.all(flood)

  for (const answer of cheap) expect(answer).toHaveStatus(200)
  expect(stillUnderWay).toBeGreaterThan(0)
})

test('M3: whoever is refused for want of a place was not counted as guessing', async () => {
  const ada = await people.verified()
  const flood = Array.from({ length: CLIENTS }, (_, client) => logIn(client))
  while (!deps.hashingLane.isFull()) await new Promise((resolve) => setImmediate(resolve))

  const refused = await Promise.all(
    Array.from({ length: 20 }, () => api.post('/v1/login', { email: ada.email, password: 'Wrong-Horse-7' })),
  )
  await Promise.all(flood)

  for (const answer of refused) expect(answer).toRefuse('overloaded')
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toHaveStatus(200)
})

test('M3: once it is over, nothing is left of it', async () => {
  await Promise.all(Array.from({ length: 64 }, (_, client) => logIn(client)))

  expect(await deps.metrics.render()).toMatch(/latchkey_hashing_lane\{state="waiting"\} 0/)
  expect(await deps.metrics.render()).toMatch(/latchkey_hashing_lane\{state="running"\} 0/)
  expect((await people.verified()).token).toBeTruthy()
})
