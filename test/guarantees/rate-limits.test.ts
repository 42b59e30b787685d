import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { rateLimits } from '../../src/http/limits/rate-limits.ts'
import type { Answer, CallOptions } from '../support/api.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

/** 6 sign-ins, 30 of most other requests, 3 of unknown paths. */
const { api, app, deps, logLines } = await startTestApp({
  env: { RATE_LIMIT_FACTOR: '0.005', TRUST_PROXY: '10.0.0.0/8' },
})
const SIGN_INS = 6

let lastNetwork = 0
const newIp = () => `203.0.113.${++lastNetwork}`

async function many(times: number, call: () => Promise<Answer>): Promise<Answer[]> {
  const answers = []
  for (let time = 0; time < times; time += 1) answers.push(await call())
  return answers
}

let lastAddress = 0

/** At another address each time: the throttle on one address answers 429 as well. */
const logIn = (options: CallOptions) =>
  api.post('/v1/login', { email: `person.${++lastAddress}@example.com`, password: 'Wrong-Horse-7' }, options)

test('a client that asks too much of a route gets a 429 that says when to come back', async () => {
  const ip = newIp()
  await many(SIGN_INS, () => logIn({ ip }))

  const refused = await logIn({ ip })

  expect(refused).toRefuse('too_many_attempts')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(500)
  expect(refused.body.retryAfter).toBe(Number(refused.headers['retry-after']))
  expect(refused.headers['cache-control']).toBe('no-store')
})

test('a client over the limit of a route affects neither another client nor another route', async () => {
  const ip = newIp()
  await many(SIGN_INS + 1, () => logIn({ ip }))

  expect(await logIn({ ip: newIp() })).toRefuse('invalid_credentials')
  expect(await api.get('/v1/password/policy', { ip })).toHaveStatus(200)
})

test('requests without a valid access token count towards the limit', async () => {
  const ip = newIp()

  const answers = await many(31, () => api.get('/v1/me', { ip, token: 'no.such.token' }))

  expect(answers[29]).toRefuse('unauthenticated')
  expect(answers[30]).toRefuse('too_many_attempts')
})

test('paths that do not exist are limited together', async () => {
  const ip = newIp()
  let path = 0

  const answers = await many(4, () => api.get(`/wp-login-${++path}.php`, { ip }))

  expect(answers[2]).toRefuse('not_found')
  expect(answers[3]).toRefuse('too_many_attempts')
})

test('health and metrics are never limited', async () => {
  const ip = newIp()

  const answers = await many(40, () => api.get('/health/live', { ip }))

  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(await api.get('/metrics', { ip })).toHaveStatus(200)
})

test('a whole IPv6 /64 is one client, and its neighbour another', async () => {
  let host = 0
  await many(SIGN_INS, () => logIn({ ip: `2001:db8:1:2::${(++host).toString(16)}` }))

  expect(await logIn({ ip: '2001:db8:1:2:ffff:ffff:ffff:ffff' })).toRefuse('too_many_attempts')
  expect(await logIn({ ip: '2001:db8:1:3::1' })).toRefuse('invalid_credentials')
})

test('behind a trusted proxy the client is who the proxy says, and what the client said before it counts for nothing', async () => {
  const through = (client: string, forged: string) =>
    logIn({ ip: '10.1.2.3', headers: { 'x-forwarded-for': `${forged}, ${client}` } })
  let forged = 0
  await many(SIGN_INS, () => through('198.51.100.90', `192.0.2.${++forged}`))

  expect(await through('198.51.100.90', '192.0.2.200')).toRefuse('too_many_attempts')
  expect(await through('198.51.100.91', '198.51.100.90')).toRefuse('invalid_credentials')
})

test('M2: without a trusted proxy between, forged forwarding headers change nothing: the socket counts', async () => {
  const ip = newIp()
  let forged = 0
  const forge = () => {
    const claim = `192.0.2.${++forged}`
    return { 'x-forwarded-for': claim, 'x-real-ip': claim, forwarded: `for=${claim}`, 'cf-connecting-ip': claim }
  }
  await many(SIGN_INS, () => logIn({ ip, headers: forge() }))

  expect(await logIn({ ip, headers: forge() })).toRefuse('too_many_attempts')
})

test.each(['/oauth/introspect', '/oauth/revoke'])(
  'POST %s refuses a client that guesses credentials, and still answers a proven client of the same network',
  async (path) => {
    const ip = newIp()
    const client = await registerClient(deps, 'tokens:introspect')
    const guess = () =>
      api.form(path, { token: 'some-token' }, { ip, headers: basicOf({ id: client.id, secret: 'a wrong secret' }) })

    const guesses = await many(7, guess)

    expect(guesses.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 429])
    expect(guesses[6]?.body.error).toBe('temporarily_unavailable')
    expect(Number(guesses[6]?.headers['retry-after'])).toBeGreaterThan(0)
    expect(await api.form(path, { token: 'some-token' }, { ip, headers: basicOf(client) })).toHaveStatus(200)
  },
)

test('an office behind one address can sign in: 1,000 people in ten minutes', () => {
  const { most, windowSeconds } = rateLimits.passwords

  expect(windowSeconds).toBe(600)
  expect(most).toBeGreaterThanOrEqual(1000)
})

test('of many refusals in a second, only some are sent at once, and all other requests are answered meanwhile', async () => {
  const [flooder, other] = ['198.51.100.1', '198.51.100.2']
  const scan = () => api.get('/wp-login.php', { ip: flooder })
  await many(3, scan)
  const before = logLines.length
  let underWay = 400
  const flood = Array.from({ length: underWay }, async () => {
    const answer = await scan()
    underWay -= 1
    return answer
  })

  const ofOther = await api.get('/v1/password/policy', { ip: other })
  const heldBack = underWay
  const answers = await Promise.all(flood)

  expect(ofOther).toHaveStatus(200)
  expect(heldBack).toBeGreaterThan(0)
  for (const answer of answers) {
    expect(answer).toRefuse('too_many_attempts')
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  }
  const lines = logLines.slice(before).map((line) => JSON.parse(line))
  expect(lines.filter(({ status, ms }) => status === 429 && ms >= 990).length).toBeGreaterThan(0)
})

test('a connection that is refused again and again gets its answers a second apart', async () => {
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  await many(3, () => api.get('/wp-login.php', { ip: '127.0.0.1' }))
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  socket.write('GET /wp-login.php HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2))

  await until(() => received.split('HTTP/1.1 429 ').length === 3)
  socket.destroy()

  const lines = logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.ip === '127.0.0.1' && line.status === 429)
  expect(lines).toHaveLength(2)
  expect(lines[1].ms).toBeGreaterThanOrEqual(990)
})
