import { availableParallelism } from 'node:os'
import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import type { Answer } from '../support/api.ts'
import { occupyLane } from '../support/occupied-lane.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, people, deps } = await startTestApp()
const PLACES = availableParallelism() * 31 + 1 // with those that wait: see WAITING_PER_CORE in deps.ts
const CLIENTS = PLACES + 42

/** Every client has a network of its own, unless the test gives one. */
const logIn = (client: number, ip = `203.0.113.${client}`) =>
  api.post('/v1/login', { email: `flood.${client}@example.com`, password: 'Wrong-Horse-7' }, { ip })

const flood = (ip?: string) => Array.from({ length: CLIENTS }, (_, client) => logIn(client, ip))

const untilFullFor = async (network: string) => {
  while (!deps.hashingLane.refuses(network)) await new Promise((resolve) => setImmediate(resolve))
}

test('M3: a flood of sign-ins is answered as far as the lane goes, the rest get 503 and when to come back', async () => {
  const answers = await Promise.all(flood())

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

test('M3: in a flood of sign-ins, everything that hashes nothing is served before the flood is over', async () => {
  const ada = await people.verified()
  let underWay = 0
  const flooding = flood().map(async (answer) => {
    underWay += 1
    await answer
    underWay -= 1
  })

  const cheap: Answer[] = []
  for (let round = 0; round < 10; round += 1) {
    cheap.push(await api.get('/health/ready'), await ada.refresh(), await ada.get('/v1/me'))
  }
  const stillUnderWay = underWay
  await Promise.all(flooding)

  for (const answer of cheap) expect(answer).toHaveStatus(200)
  expect(stillUnderWay).toBeGreaterThan(0)
})

test('M3: while one network floods sign-in, people on other networks are served in their turn', async () => {
  const ada = await people.verified()
  let underWay = CLIENTS
  const flooding = flood('203.0.113.1').map(async (answer) => {
    await answer
    underWay -= 1
  })
  await untilFullFor('203.0.113.1')

  const others = await Promise.all(
    Array.from({ length: 10 }, (_, other) =>
      api.post('/v1/login', { email: ada.email, password: ada.password }, { ip: `198.51.100.${other}` }),
    ),
  )
  const stillUnderWay = underWay
  await Promise.all(flooding)

  for (const answer of others) expect(answer).toHaveStatus(200)
  expect(stillUnderWay).toBeGreaterThan(CLIENTS / 3)
})

test.each(['/v1/login', '/v1/reauthenticate', '/v1/register', '/v1/password/change'])(
  'M3: a request to %s that finds no place in the lane costs no statement and counts as no guess',
  async (path) => {
    const ada = await people.verified()
    const wrong = 'Wrong-Horse-7'
    const fields = {
      '/v1/login': { email: ada.email, password: wrong },
      '/v1/reauthenticate': { currentPassword: wrong },
      '/v1/register': { email: ada.email, password: wrong },
      '/v1/password/change': { currentPassword: wrong, newPassword: 'Battery-Staple-8' },
    }
    const from = { token: ada.token, ip: '203.0.113.1' }
    const freeLane = occupyLane(deps, '203.0.113.1')
    let connectionsUsed = 0
    const count = () => {
      connectionsUsed += 1
    }
    deps.pool.on('acquire', count)

    const refused = []
    for (let time = 0; time < 20; time += 1) refused.push(await api.post(path, fields[path as '/v1/login'], from))

    deps.pool.off('acquire', count)
    await freeLane()
    for (const answer of refused) expect(answer).toRefuse('overloaded')
    expect(connectionsUsed).toBe(0)
    expect(await api.post('/v1/login', { email: ada.email, password: ada.password }, from)).toHaveStatus(200)
  },
)

test('M3: an attempt whose password was never compared counts as no guess', async () => {
  const ada = await people.verified()
  const { firstMatch } = deps.passwords
  deps.passwords.firstMatch = () => Promise.reject(new Error('the comparison failed'))

  const failed = []
  for (let time = 0; time < 10; time += 1) {
    failed.push(await api.post('/v1/login', { email: ada.email, password: ada.password }))
  }

  deps.passwords.firstMatch = firstMatch
  for (const answer of failed) expect(answer).toHaveStatus(500)
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toHaveStatus(200)
})

test('M3: once a flood is over, nothing is left of it in the lane', async () => {
  await Promise.all(flood())

  expect(await deps.metrics.render(Promise.resolve(true))).toMatch(/latchkey_hashing_lane\{state="waiting"\} 0/)
  expect(await deps.metrics.render(Promise.resolve(true))).toMatch(/latchkey_hashing_lane\{state="running"\} 0/)
  expect((await people.verified()).token).toBeTruthy()
})
