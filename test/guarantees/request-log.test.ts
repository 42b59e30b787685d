import { expect, test } from '@jest/globals'
import { type Answer, HOME } from '../support/api.ts'
import '../support/matchers.ts'
import { occupyLane } from '../support/occupied-lane.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, deps, logLines, people } = await startTestApp()
const behindProxy = await startTestApp({ env: { TRUST_PROXY: '10.0.0.0/8' } })

/** What the service logs while a request is answered, and the answer. */
async function logged(request: () => Promise<Answer>, linesOfApp = logLines) {
  const before = linesOfApp.length
  const answer = await request()
  return { answer, lines: linesOfApp.slice(before).map((line) => JSON.parse(line)) }
}

test('a request is logged as one line with its id, client, route, status and time', async () => {
  const { answer, lines } = await logged(() => api.get('/v1/password/policy'))

  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/Z$/),
      requestId: answer.headers['x-request-id'],
      method: 'GET',
      route: '/v1/password/policy',
      status: 200,
      ip: HOME,
      ms: expect.any(Number),
      msg: 'request',
    },
  ])
  expect(lines[0].ms).toBeGreaterThanOrEqual(0)
})

test('the line has the address that a trusted proxy reports, without its port', async () => {
  const { lines } = await logged(
    () => behindProxy.api.get('/v1/me', { ip: '10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.5:4711' } }),
    behindProxy.logLines,
  )

  expect(lines).toMatchObject([{ route: '/v1/me', ip: '203.0.113.5' }])
})

test.each(['/health/live', '/health/ready', '/metrics'])('a probe or scrape of %s is logged at debug', async (path) => {
  const { lines } = await logged(() => api.get(path))

  expect(lines).toMatchObject([{ level: 'debug', route: path, status: 200 }])
})

test('a request that is refused because of load is one line without a stack', async () => {
  const freePlaces = occupyLane(deps)

  const { answer, lines } = await logged(() => api.post('/v1/login', { email: 'ada@example.com', password: 'x' }))
  await freePlaces()

  expect(answer).toRefuse('overloaded')
  expect(lines).toMatchObject([{ level: 'info', route: '/v1/login', status: 503 }])
})

test('the line of somebody signed in has the account and the session', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const { lines } = await logged(() => ada.delete('/v1/sessions'))

  expect(lines).toMatchObject([{ route: '/v1/sessions', status: 200, accountId, sessionId: ada.tokens.sessionId }])
})

test.each<[string, number, string, () => Promise<Answer>]>([
  ['refused', 401, '/v1/me', () => api.get('/v1/me')],
  ['not valid', 400, '/v1/login', () => api.post('/v1/login', {})],
  ['not JSON', 400, '/v1/login', () => api.post('/v1/login', '{')],
  ['too large', 413, '/v1/login', () => api.post('/v1/login', { email: 'a'.repeat(17_000), password: 'b' })],
  ['to a path that is not there', 404, 'unknown', () => api.get('/wp-login.php')],
  ['with a method that is not there', 405, 'unknown', () => api.call('PUT', '/v1/me', {})],
  ['with a path that cannot be read', 400, 'unknown', () => api.get('/v1/sessions/%zz')],
])('a request that is %s is logged as one line', async (_what, status, route, request) => {
  const { answer, lines } = await logged(request)

  expect(answer).toHaveStatus(status)
  expect(lines).toMatchObject([{ status, route, ip: HOME, requestId: answer.headers['x-request-id'], msg: 'request' }])
})

test('the line has the pattern of the path, and nothing that a caller put into path, query or header', async () => {
  const ada = await people.verified()

  const { lines } = await logged(() =>
    api.delete('/v1/sessions/tok-in-path?token=tok-in-query', {
      token: ada.token,
      headers: {
        'user-agent': 'tok-in-agent',
        'x-request-id': 'tok-in-id',
        referer: 'https://x.example/#tok-in-referer',
      },
    }),
  )

  expect(lines).toMatchObject([{ route: '/v1/sessions/:id', status: 404 }])
  expect(JSON.stringify(lines)).not.toContain('tok-in')
})

test('the id is the service’s own, new for each request, and the same in the answer and its problem', async () => {
  const [one, other] = [await api.get('/v1/me'), await api.get('/v1/me', { headers: { 'x-request-id': 'mine' } })]

  expect(one.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(other.headers['x-request-id']).not.toBe('mine')
  expect(other.headers['x-request-id']).not.toBe(one.headers['x-request-id'])
  expect(other.body.instance).toBe(other.headers['x-request-id'])
})
