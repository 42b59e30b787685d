import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLatchkey, type Latchkey } from '../src/index.ts'
import { type Clock, fakeClock } from './support/clock.ts'
import { ada, problem, type StandIn, standIn } from './support/stand-in.ts'

/** Ada has signed in, and her access token is about to expire. */
async function beforeRefresh(t: TestContext): Promise<{ clock: Clock; service: StandIn; latchkey: Latchkey }> {
  const clock = fakeClock(t)
  const service = standIn()
  const latchkey = createLatchkey({ baseUrl: 'http://service', fetch: service.fetch })
  await latchkey.signIn(ada)
  await clock.advance(270)
  return { clock, service, latchkey }
}

function tokensSent(service: StandIn): unknown[] {
  return service.to('/v1/token/refresh').map(({ body }) => body['refreshToken'])
}

test('a refresh whose answers are lost is repeated with the same token, and the session goes on', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.loseAnswers(2)

  const account = latchkey.api.GET('/v1/me')
  await clock.advance(2)

  assert.equal((await account).data?.email, ada.email)
  assert.deepEqual(tokensSent(service), Array(3).fill('refresh.session1.1'))
})

test('a refresh that is not answered counts as lost after 8 seconds', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  const release = service.hold('/v1/token/refresh')

  const account = latchkey.api.GET('/v1/me')
  await clock.advance(8)
  release()
  await clock.advance(1)

  assert.equal((await account).data?.email, ada.email)
  assert.equal(tokensSent(service).length, 2)
})

test('no repeat starts later than the window in which the service answers a repeated token', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  const startedAt = Date.now()
  const sentAfterSeconds: number[] = []
  const { fetch } = service
  service.hold('/v1/token/refresh')
  const slow = createLatchkey({
    baseUrl: 'http://service',
    fetch(request) {
      if (request.url.endsWith('/refresh')) sentAfterSeconds.push((Date.now() - startedAt) / 1000)
      return fetch(request)
    },
    storage: { load: () => tokens, save() {}, clear() {} },
  })
  const tokens = {
    sessionId: 'session1',
    accessToken: 'access',
    refreshToken: 'refresh.session1.1',
    refreshAt: new Date(0).toISOString(),
    sessionExpiresAt: new Date(Date.now() + 1_000_000).toISOString(),
  }

  const result = slow.accessToken()
  await clock.advance(40)

  assert.equal((await result).problem?.code, 'network_error')
  assert.ok(sentAfterSeconds.length > 1)
  assert.ok(sentAfterSeconds.every((seconds) => seconds < 25))
  latchkey.close()
})

test('without a network the session stays, and the next request refreshes it', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.cutNetwork(4)

  const offline = latchkey.api.GET('/v1/me')
  await clock.advance(10)
  const online = latchkey.api.GET('/v1/me')
  await clock.settle()

  assert.equal((await offline).problem?.code, 'network_error')
  assert.equal(latchkey.state.status, 'signed_in')
  assert.equal((await online).data?.email, ada.email)
})

test('requests that need a refresh at once share its failure, and do not try one after the other', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.loseAnswers(100)

  const answers = Promise.all(Array.from({ length: 5 }, () => latchkey.api.GET('/v1/me')))
  await clock.advance(60)

  assert.deepEqual(
    (await answers).map(({ problem: lost }) => lost?.code),
    Array(5).fill('network_error'),
  )
  assert.equal(tokensSent(service).length, 4)
})

test('a proxy’s error page counts as a lost answer', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.answerNext(new Response('<h1>Bad gateway</h1>', { status: 502 }))

  const account = latchkey.api.GET('/v1/me')
  await clock.advance(1)

  assert.equal((await account).data?.email, ada.email)
})

test('a refresh that the service asks to repeat later is repeated then, and not earlier', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.answerNext(problem(503, 'overloaded', { 'retry-after': '4' }))

  const account = latchkey.api.GET('/v1/me')
  await clock.advance(3.9)
  const early = tokensSent(service).length
  await clock.advance(0.2)

  assert.equal((await account).data?.email, ada.email)
  assert.equal(early, 1)
  assert.equal(tokensSent(service).length, 2)
})

test('during a long Retry-After no further refresh is sent, and the session stays', async (t) => {
  const { clock, service, latchkey } = await beforeRefresh(t)
  service.answerNext(problem(429, 'too_many_attempts', { 'retry-after': '60' }))

  const first = await latchkey.accessToken()
  const second = await latchkey.accessToken()
  await clock.advance(60)
  const third = await latchkey.accessToken()

  assert.equal(first.problem?.retryAfter, 60)
  assert.equal(second.problem?.code, 'too_many_attempts')
  assert.equal(third.problem, undefined)
  assert.equal(tokensSent(service).length, 2)
})
