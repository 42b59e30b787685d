import { afterAll, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { hasRedisServer, redisServer } from '../support/redis-server.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MOST = 6 // of sign-ins, by RATE_LIMIT_FACTOR
const OUT = 'Redis is out: each replica limits requests by itself'
const testWithRedis = hasRedisServer() ? test : test.skip
if (!hasRedisServer()) process.stderr.write('SKIPPED: redis-server is not installed, so nothing kills a Redis here\n')

const redis = await redisServer()
if (hasRedisServer()) await redis.start()
const replica = () => startTestApp({ env: { RATE_LIMIT_FACTOR: '0.005', REDIS_URL: redis.url } })
const one = await replica()
const two = await replica()
afterAll(() => redis.kill())

const logIn = ({ api }: TestApp, ip: string) =>
  api.post('/v1/login', { email: `${ip}@example.com`, password: 'Wrong-Horse-7' }, { ip })

async function countAccepted(app: TestApp, ip: string): Promise<number> {
  const answers = []
  for (let time = 0; time < MOST + 1; time += 1) answers.push(await logIn(app, ip))
  return answers.filter(({ body }) => body.code !== 'too_many_attempts').length
}

testWithRedis('replicas that share a Redis count a client together', async () => {
  const accepted = (await countAccepted(one, '203.0.113.1')) + (await countAccepted(two, '203.0.113.1'))

  expect(accepted).toBe(5) // of 6: the throttle on one address refuses the sixth, on either
})

testWithRedis('a Redis that is killed takes no request along: local limits go on, which is logged once', async () => {
  await redis.kill()

  const before = await countAccepted(one, '203.0.113.2')
  const elsewhere = await countAccepted(two, '203.0.113.3')

  expect(before).toBeLessThanOrEqual(MOST)
  expect(before).toBeGreaterThanOrEqual(5)
  expect(elsewhere).toBeGreaterThanOrEqual(5)
  for (const { logLines } of [one, two]) expect(logLines.filter((line) => line.includes(OUT))).toHaveLength(1)
})
