import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { createDatabaseClock, type TimeSource } from '../../src/database/clock.ts'
import { HOME } from '../support/api.ts'
import { Guesser, inTurn } from '../support/guesser.ts'
import { startTestApp } from '../support/test-app.ts'

const HOUR_SECONDS = 3600

/** A machine whose time of day is wrong by some seconds. It measures durations correctly. */
function machine(secondsAhead: number) {
  let aheadMs = secondsAhead * 1000
  const source: TimeSource = { wallClock: () => Date.now() + aheadMs, stopwatch: () => performance.now() }
  return {
    source,
    setSecondsAhead(seconds: number) {
      aheadMs = seconds * 1000
    },
  }
}

const right = await startTestApp()
const { databaseUrl, people } = right

/** Another replica on the same database, whose machine has a clock of its own. */
async function replica({ source }: { source: TimeSource }) {
  const app = await startTestApp({ databaseUrl, createClock: (pool, log) => createDatabaseClock(pool, log, source) })
  await app.deps.clock.synchronize()
  return app
}

test.each([
  ['an hour ahead', HOUR_SECONDS],
  ['an hour behind', -HOUR_SECONDS],
])('a replica whose machine is %s accepts the other replicas’ tokens, and they accept its own', async (_, seconds) => {
  const wrong = await replica(machine(seconds))
  const person = await people.verified()

  expect(await wrong.api.get('/v1/me', { token: person.token })).toHaveStatus(200)
  const answer = await wrong.api.post('/v1/login', { email: person.email, password: person.password })
  expect(await right.api.get('/v1/me', { token: answer.body.accessToken })).toHaveStatus(200)
  expect(await right.api.post('/v1/token/refresh', { refreshToken: answer.body.refreshToken })).toHaveStatus(200)
})

test('a replica whose machine is an hour ahead blocks no counter for longer than the other replicas would', async () => {
  const wrong = await replica(machine(HOUR_SECONDS))
  const person = await people.verified()
  await inTurn(6, () => new Guesser(wrong.api).guess(person.email, HOME))

  const refused = await new Guesser(right.api).guess(person.email, HOME, person.password)

  expect(refused).toRefuse('too_many_attempts')
  expect(refused.body.retryAfter).toBeLessThanOrEqual(5)
})

test('a process whose machine’s clock jumps keeps the time of the database', async () => {
  const jumping = machine(0)
  const app = await replica(jumping)
  const person = await people.verified()

  jumping.setSecondsAhead(HOUR_SECONDS)

  expect(await app.api.get('/v1/me', { token: person.token })).toHaveStatus(200)
  expect(Math.abs(app.deps.clock.now().getTime() - Date.now())).toBeLessThan((HOUR_SECONDS * 1000) / 2)
})

test('a machine that is more than two seconds off is warned of once, and once when it is right again', async () => {
  const drifting = machine(3)
  const app = await replica(drifting)
  await app.deps.clock.synchronize()
  const warnings = () => app.logLines.filter((line) => line.includes("differs from the database server's"))
  expect(warnings()).toHaveLength(1)
  expect(JSON.parse(warnings()[0] ?? '')).toMatchObject({ level: 'warn', secondsAhead: 3 })
  expect(await app.api.get('/health/ready')).toHaveStatus(200)

  drifting.setSecondsAhead(0)
  await app.deps.clock.synchronize()

  expect(app.logLines.filter((line) => line.includes('agrees with the database'))).toHaveLength(1)
})

test('a process is not ready while its machine is more than a minute off', async () => {
  const wrong = machine(61)
  const app = await replica(wrong)
  expect(await app.api.get('/health/ready')).toHaveStatus(503)
  expect(await app.api.get('/health/live')).toHaveStatus(200)

  wrong.setSecondsAhead(59)
  await app.deps.clock.synchronize()

  expect(await app.api.get('/health/ready')).toHaveStatus(200)
})
