import { afterAll, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { hasRedisServer, redisServer } from '../support/redis-server.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MOST = 6 // of sign-ins, by RATE_LIMIT_FACTOR
const OUT = 'Redis cannot be reached; each replica limits requests by itself'
const testWithRedis = hasRedisServer() ? test : test.skip
if (!hasRedisServer()) process.stderr.write('SKIPPED: redis-server is not installed, so nothing kills a Redis here\n')

const redis = await redisServer()
if (hasRedisServer()) await redis.start()
const replica = () => startTestApp({ env: { RATE_LIMIT_FACTOR: '0.005', REDIS_URL: redis.url } })
const one = await replica()
const two = await replica()
afterAll(() => redis.kill())

let lastAddress = 0

/** At another address each time: the throttle on one address answers 429 as well. */
const logIn = ({ api }: TestApp, ip: string) =>
  api.post('/v1/login', { email: `person.${++lastAddress}@example.com`, password: 'Wrong-Horse-7' }, { ip })

async function countAccepted(app: TestApp, ip: string): Promise<number> {
  const answers = []
  for (let time = 0; time < MOST + 1; time += 1) answers.push(await logIn(app, ip))
  return answers.filter(({ body }) => body.code === 'invalid_credentials').length
}

testWithRedis('replicas that share a Redis count a client together', async () => {
  const accepted = (await countAccepted(one, '203.0.113.1')) + (await countAccepted(two, '203.0.113.1'))

  expect(accepted).toBe(MOST)
})

testWithRedis('a Redis that is killed takes no request along: local limits go on, which is logged once', async () => {
  await redis.kill()

  expect(await countAccepted(one, '203.0.113.2')).toBe(MOST)
  expect(await countAccepted(two, '203.0.113.2')).toBe(MOST)

  for (const { logLines } of [one, two]) expect(logLines.filter((line) => line.includes(OUT))).toHaveLength(1)
})

testWithRedis('a Redis that comes back is used again', async () => {
  await redis.start()
  let accepted = 0
  let client = 10
  do {
    const ip = `203.0.113.${++client}`
    accepted = (await countAccepted(one, ip)) + (await countAccepted(two, ip))
  } while (accepted !== MOST && client < 200)

  expect(accepted).toBe(MOST)
})
