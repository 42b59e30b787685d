import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLatchkey, type Latchkey } from '../src/index.ts'
import { fakeClock } from './support/clock.ts'
import { ada, problem, standIn } from './support/stand-in.ts'

/** A client whose requests get these answers in turn. */
function answeredBy(...answers: Array<() => Response | Promise<Response>>): Latchkey & { sent: () => number } {
  let sent = 0
  const latchkey = createLatchkey({
    baseUrl: 'http://service',
    async fetch() {
      const answer = answers[Math.min(sent, answers.length - 1)]
      sent += 1
      assert.ok(answer)
      return answer()
    },
  })
  return Object.assign(latchkey, { sent: () => sent })
}

test('a problem of the service is passed on whole', async () => {
  const latchkey = answeredBy(() => problem(422, 'invalid_email'))

  const {
    data,
    problem: refused,
    response,
  } = await latchkey.api.POST('/v1/password/forgot', { body: { email: 'ada' } })

  assert.equal(data, undefined)
  assert.deepEqual(refused, {
    type: 'about:blank',
    title: 'invalid_email',
    status: 422,
    detail: 'Detail of invalid_email.',
    code: 'invalid_email',
    instance: 'request',
  })
  assert.equal(response?.status, 422)
})

test('a code that this version does not know is passed on', async () => {
  const { problem: refused } = await answeredBy(() => problem(403, 'new_code')).signIn(ada)

  assert.equal(refused?.code, 'new_code')
})

test('a network failure is a problem with its cause, and the call does not throw', async () => {
  const failure = new TypeError('fetch failed')
  const latchkey = answeredBy(() => Promise.reject(failure))

  const { problem: refused } = await latchkey.signIn(ada)

  assert.equal(refused?.code, 'network_error')
  assert.equal(refused.status, 0)
  assert.equal(refused.cause, failure)
})

test('an error page of a proxy is a problem', async () => {
  const { problem: refused } = await answeredBy(() => new Response('<h1>502</h1>', { status: 502 })).signIn(ada)

  assert.equal(refused?.code, 'unexpected_response')
  assert.equal(refused.status, 502)
})

test('a page of a captive portal instead of the answer is a problem', async () => {
  const { problem: refused } = await answeredBy(() => new Response('<h1>Welcome to our hotel</h1>')).signIn(ada)

  assert.equal(refused?.code, 'unexpected_response')
})

test('an answer that breaks off is a network failure', async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.error(new TypeError('terminated')),
      }),
    )

  const { problem: refused } = await answeredBy(broken).signIn(ada)

  assert.equal(refused?.code, 'network_error')
})

test('retryAfter comes from the header if the body does not have it: seconds or a date', async (t) => {
  fakeClock(t)
  const inAMinute = new Date(Date.now() + 60_000).toUTCString()
  for (const [header, seconds] of [
    ['120', 120],
    [inAMinute, 60],
    ['soon', undefined],
  ] as const) {
    const busy = () => new Response('busy', { status: 503, headers: { 'retry-after': header } })

    const { problem: refused } = await answeredBy(busy).signIn(ada)

    assert.equal(refused?.retryAfter, seconds)
  }
})

test('a GET is repeated after Retry-After, at most twice', async (t) => {
  const clock = fakeClock(t)
  const busy = () => problem(503, 'overloaded', { 'retry-after': '2' })
  const recovering = answeredBy(busy, busy, () => Response.json({ rules: [] }))
  const overloaded = answeredBy(busy)

  const policy = recovering.api.GET('/v1/password/policy')
  const none = overloaded.api.GET('/v1/password/policy')
  await clock.advance(1.9)
  const early = recovering.sent()
  await clock.advance(3)

  assert.equal(early, 1)
  assert.deepEqual((await policy).data, { rules: [] })
  assert.equal((await none).problem?.code, 'overloaded')
  assert.equal(overloaded.sent(), 3)
})

test('a long Retry-After is reported and not awaited', async () => {
  const latchkey = answeredBy(() => problem(429, 'too_many_attempts', { 'retry-after': '11' }))

  const { problem: refused } = await latchkey.api.GET('/v1/password/policy')

  assert.equal(refused?.retryAfter, 11)
  assert.equal(latchkey.sent(), 1)
})

test('a request that changes something is not repeated', async () => {
  const latchkey = answeredBy(() => problem(503, 'overloaded', { 'retry-after': '1' }))

  const { problem: refused } = await latchkey.api.POST('/v1/password/forgot', { body: { email: ada.email } })

  assert.equal(refused?.retryAfter, 1)
  assert.equal(latchkey.sent(), 1)
})

test('a call that its caller aborts rejects with the reason, also while it waits', async (t) => {
  const clock = fakeClock(t)
  const controller = new AbortController()
  const latchkey = answeredBy(() => problem(503, 'overloaded', { 'retry-after': '5' }))
  const reason = new Error('the page was left')

  const policy = latchkey.api.GET('/v1/password/policy', { signal: controller.signal })
  const refusal = assert.rejects(policy, reason)
  await clock.advance(1)
  controller.abort(reason)
  await refusal

  assert.equal(latchkey.sent(), 1)
})

test('headers of the options are part of every request, also of a refresh', async (t) => {
  const clock = fakeClock(t)
  const service = standIn()
  const agents: Array<string | null> = []
  const latchkey = createLatchkey({
    baseUrl: 'http://service/',
    headers: { 'user-agent': 'Firefox', 'x-forwarded-for': undefined },
    fetch(request) {
      agents.push(request.headers.get('user-agent'), request.headers.get('x-forwarded-for'))
      return service.fetch(request)
    },
  })

  await latchkey.signIn(ada)
  await clock.advance(270)
  await latchkey.api.GET('/v1/me')

  assert.deepEqual(agents, Array(3).fill(['Firefox', null]).flat())
})

test('a wrong address of the service is an error at once, and not a lost network', () => {
  assert.throws(() => createLatchkey({ baseUrl: 'auth.example.com' }), TypeError)
})

test('a storage that cannot be read rejects the calls that need it, and nothing else', async () => {
  const failure = new Error('Redis is down')
  const latchkey = createLatchkey({
    baseUrl: 'http://service',
    storage: { load: () => Promise.reject(failure), save() {}, clear() {} },
    fetch: standIn().fetch,
  })

  const { data } = await latchkey.api.POST('/v1/password/forgot', { body: { email: ada.email } })

  // `ready` is not awaited here: a rejection that nobody handles would end the process.
  await assert.rejects(latchkey.api.GET('/v1/me'), failure)
  assert.equal(data?.status, 'accepted')
})
