import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLatchkey, type Latchkey, type SessionState } from '../src/index.ts'
import { fakeClock } from './support/clock.ts'
import { ada, problem, type StandIn, standIn } from './support/stand-in.ts'

const FOUR_AND_A_HALF_MINUTES = 270

function clientOf(service: StandIn): Latchkey {
  return createLatchkey({ baseUrl: 'http://service', fetch: service.fetch })
}

async function signedIn(): Promise<{ service: StandIn; latchkey: Latchkey; states: SessionState[] }> {
  const service = standIn()
  const latchkey = clientOf(service)
  await latchkey.signIn(ada)
  const states: SessionState[] = []
  latchkey.onChange((state) => states.push(state))
  return { service, latchkey, states }
}

test('nobody is signed in until signIn succeeds, and listeners are told once', async () => {
  const latchkey = clientOf(standIn())
  const states: SessionState[] = []
  const before = latchkey.state
  await latchkey.ready
  latchkey.onChange((state) => states.push(state))

  const { problem: wrong } = await latchkey.signIn({ ...ada, password: 'wrong' })
  const { problem: none } = await latchkey.signIn(ada)

  assert.deepEqual(before, { status: 'loading' })
  assert.equal(wrong?.code, 'invalid_credentials')
  assert.equal(none, undefined)
  assert.deepEqual(
    states.map(({ status }) => status),
    ['signed_in'],
  )
  assert.equal(latchkey.state, states[0])
})

test('the state shows the session and no token', async () => {
  const { latchkey } = await signedIn()

  assert.equal(latchkey.state.status, 'signed_in')
  assert.deepEqual(Object.keys(latchkey.state.session), ['sessionId', 'sessionExpiresAt'])
  assert.doesNotMatch(JSON.stringify(latchkey.state), /access|refresh/)
})

test('a listener that has unsubscribed is not called', async () => {
  const { latchkey } = await signedIn()
  const states: SessionState[] = []
  const unsubscribe = latchkey.onChange((state) => states.push(state))

  unsubscribe()
  await latchkey.signOut()

  assert.deepEqual(states, [])
})

test('the error of a listener is reported, and changes nothing for the client and for other listeners', async (t) => {
  const { latchkey, states } = await signedIn()
  const reported: unknown[] = []
  const failure = new Error('the page could not be drawn')
  t.mock.method(globalThis, 'queueMicrotask', (task: () => void) => {
    try {
      task()
    } catch (error) {
      reported.push(error)
    }
  })
  latchkey.onChange(() => {
    throw failure
  })
  const after: SessionState[] = []
  latchkey.onChange((state) => after.push(state))

  const result = await latchkey.signOut()

  assert.deepEqual(result, {})
  assert.deepEqual(reported, [failure])
  assert.deepEqual(after, states)
})

test('only requests that need a session carry the access token', async () => {
  const { service, latchkey } = await signedIn()

  await latchkey.api.GET('/v1/me')
  await latchkey.api.POST('/v1/password/forgot', { body: { email: ada.email } })

  assert.match(service.to('/v1/me')[0]?.bearer ?? '', /^access\./)
  assert.equal(service.to('/v1/password/forgot')[0]?.bearer, null)
})

test('without a session, a request that needs one is answered without asking the service', async () => {
  const service = standIn()

  const { problem: refused, response } = await clientOf(service).api.GET('/v1/me')

  assert.equal(refused?.code, 'unauthenticated')
  assert.equal(refused.status, 401)
  assert.equal(response, undefined)
  assert.deepEqual(service.requests, [])
})

test('an access token that is about to expire is refreshed once, however many requests need it', async (t) => {
  const clock = fakeClock(t)
  const { service, latchkey, states } = await signedIn()
  const first = await latchkey.accessToken()

  await clock.advance(FOUR_AND_A_HALF_MINUTES)
  const answers = await Promise.all(Array.from({ length: 10 }, () => latchkey.api.GET('/v1/me')))
  const second = await latchkey.accessToken()

  assert.deepEqual(
    answers.map(({ data }) => data?.email),
    Array(10).fill(ada.email),
  )
  assert.equal(service.to('/v1/token/refresh').length, 1)
  assert.notEqual(second.data, first.data)
  assert.deepEqual(states, [])
})

test('an access token that is fresh is not refreshed', async (t) => {
  const clock = fakeClock(t)
  const { service, latchkey } = await signedIn()

  await clock.advance(FOUR_AND_A_HALF_MINUTES - 1)
  await latchkey.api.GET('/v1/me')

  assert.deepEqual(service.to('/v1/token/refresh'), [])
})

test('an access token with a short lifetime is refreshed after half of it', async (t) => {
  const clock = fakeClock(t)
  const service = standIn()
  const latchkey = clientOf(service)
  const tokens = { accessToken: 'access', refreshToken: 'refresh.session1.1', sessionId: 'session1' }
  service.answerNext(Response.json({ ...tokens, tokenType: 'Bearer', expiresIn: 20, refreshExpiresIn: 3600 }))
  await latchkey.signIn(ada)

  await clock.advance(9.9)
  const early = await latchkey.accessToken()
  await clock.advance(0.2)
  await latchkey.accessToken()

  assert.equal(early.data, 'access')
  assert.equal(service.to('/v1/token/refresh').length, 1)
})

test('an access token that the service refuses is replaced, and the request is sent again with its body', async () => {
  const { service, latchkey } = await signedIn()
  service.invalidateAccessTokens()

  const body = { newEmail: 'ada@new.example', currentPassword: ada.password }
  const { data } = await latchkey.api.POST('/v1/email/change', { body })

  assert.equal(data?.pendingEmail, 'ada@new.example')
  assert.deepEqual(
    service.to('/v1/email/change').map((request) => request.body),
    [body, body],
  )
})

test('a request is sent at most twice, even if the service refuses the new access token too', async () => {
  const service = standIn()
  let attempts = 0
  const latchkey = createLatchkey({
    baseUrl: 'http://service',
    async fetch(request) {
      if (!request.url.endsWith('/v1/me')) return service.fetch(request)
      attempts += 1
      return problem(401, 'unauthenticated')
    },
  })
  await latchkey.signIn(ada)

  const { problem: refused } = await latchkey.api.GET('/v1/me')

  assert.equal(refused?.code, 'unauthenticated')
  assert.equal(attempts, 2)
  assert.equal(service.to('/v1/token/refresh').length, 1)
})

test('a session that was revoked elsewhere ends at the next check', async () => {
  const { service, latchkey, states } = await signedIn()
  service.revokeSessions()

  const state = await latchkey.checkSession()

  assert.deepEqual(state, { status: 'signed_out', reason: 'session_revoked' })
  assert.deepEqual(states, [state])
})

test('the reuse of a refresh token is a reason of its own', async () => {
  const { service, latchkey } = await signedIn()
  service.answerNext(problem(401, 'unauthenticated'), problem(401, 'refresh_token_reused'))

  const { problem: refused } = await latchkey.api.GET('/v1/me')

  assert.equal(refused?.code, 'unauthenticated')
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'refresh_token_reused' })
})

test('a session that has reached its end is over without asking the service', async (t) => {
  const clock = fakeClock(t)
  const { service, latchkey } = await signedIn()

  await clock.advance(2_592_000)
  const { problem: refused } = await latchkey.accessToken()

  assert.equal(refused?.code, 'unauthenticated')
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'session_expired' })
  assert.equal(service.requests.length, 1)
})

test('a password change keeps the person signed in', async () => {
  const { service, latchkey, states } = await signedIn()

  const body = { currentPassword: ada.password, newPassword: 'Another horse 8' }
  const { problem: none } = await latchkey.api.POST('/v1/password/change', { body })
  const { data: account } = await latchkey.api.GET('/v1/me')

  assert.equal(none, undefined)
  assert.equal(account?.email, ada.email)
  assert.deepEqual(states, [])
  assert.deepEqual(service.to('/v1/token/refresh'), [])
})

test('a refresh waits for a password change, and does not use the token that it invalidates', async (t) => {
  const clock = fakeClock(t)
  const { service, latchkey } = await signedIn()
  const release = service.hold('/v1/password/change')

  const body = { currentPassword: ada.password, newPassword: 'Another horse 8' }
  const change = latchkey.api.POST('/v1/password/change', { body })
  await clock.settle()
  await clock.advance(FOUR_AND_A_HALF_MINUTES)
  const account = latchkey.api.GET('/v1/me')
  await clock.settle()
  release()

  assert.equal((await change).problem, undefined)
  assert.equal((await account).data?.email, ada.email)
  assert.deepEqual(service.to('/v1/token/refresh'), [])
})

test('signOut tells the service, also if the page is closed', async () => {
  const { service, latchkey } = await signedIn()

  const { problem: none } = await latchkey.signOut()

  assert.equal(none, undefined)
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'signed_out' })
  assert.deepEqual(
    service.to('/v1/logout').map(({ body, keepalive }) => ({ body, keepalive })),
    [{ body: { refreshToken: 'refresh.session1.1' }, keepalive: true }],
  )
})

test('signOut signs out here even if the service cannot be told, and reports it', async () => {
  const { service, latchkey } = await signedIn()
  service.cutNetwork(1)

  const { problem: untold } = await latchkey.signOut()

  assert.equal(untold?.code, 'network_error')
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'signed_out' })
})

test('signOut of a session that the service does not know is no problem', async () => {
  const { service, latchkey } = await signedIn()
  service.answerNext(problem(401, 'unauthenticated'))

  assert.deepEqual(await latchkey.signOut(), {})
})

test('a refresh that ends after signOut does not sign the person in again', async () => {
  const { service, latchkey } = await signedIn()
  service.invalidateAccessTokens()
  const release = service.hold('/v1/token/refresh')

  const account = latchkey.api.GET('/v1/me')
  while (service.to('/v1/token/refresh').length === 0) await new Promise(setImmediate)
  await latchkey.signOut()
  release()
  const { problem: refused } = await account

  assert.equal(refused?.code, 'unauthenticated')
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'signed_out' })
  assert.equal((await latchkey.accessToken()).problem?.code, 'unauthenticated')
})

test('a refresh that ends after another sign-in keeps the new session', async () => {
  const { service, latchkey } = await signedIn()
  service.invalidateAccessTokens()
  const release = service.hold('/v1/token/refresh')

  const account = latchkey.api.GET('/v1/me')
  while (service.to('/v1/token/refresh').length === 0) await new Promise(setImmediate)
  await latchkey.signIn(ada)
  release()
  await account

  assert.equal(latchkey.state.status, 'signed_in')
  assert.equal(latchkey.state.session.sessionId, 'session2')
})

test('a token for a resource is refreshed when it is needed, and the service keeps getting its own', async (t) => {
  const clock = fakeClock(t)
  const { service, latchkey, states } = await signedIn()
  const resource = 'https://orders.example'

  const tokens = await Promise.all([latchkey.accessToken({ resource }), latchkey.accessToken({ resource })])
  const { data: account } = await latchkey.api.GET('/v1/me')
  await clock.advance(FOUR_AND_A_HALF_MINUTES)
  const later = await latchkey.accessToken({ resource })
  const { data: accountLater } = await latchkey.api.GET('/v1/me')

  assert.match(tokens[0].data ?? '', /^for https:\/\/orders.example/)
  assert.equal(tokens[1].data, tokens[0].data)
  assert.match(later.data ?? '', /^for https:\/\/orders.example/)
  assert.notEqual(later.data, tokens[0].data)
  assert.deepEqual([account?.email, accountLater?.email], [ada.email, ada.email])
  assert.deepEqual(
    service.to('/v1/token/refresh').map(({ body }) => body['resource']),
    [resource, resource, undefined],
  )
  assert.deepEqual(states, [])
})

test('a token for a resource is not handed out after the session has changed', async () => {
  const { service, latchkey } = await signedIn()
  const resource = 'https://orders.example'
  const release = service.hold('/v1/token/refresh')

  const token = latchkey.accessToken({ resource })
  while (service.to('/v1/token/refresh').length === 0) await new Promise(setImmediate)
  await latchkey.signIn(ada)
  release()

  assert.match((await token).data ?? '', /^for https:\/\/orders.example, access.session2/)
  await latchkey.signOut()
  assert.equal((await latchkey.accessToken({ resource })).problem?.code, 'unauthenticated')
})

test('a password change also replaces the token for a resource', async () => {
  const { service, latchkey } = await signedIn()
  const resource = 'https://orders.example'
  const before = await latchkey.accessToken({ resource })

  const body = { currentPassword: ada.password, newPassword: 'Another horse 8' }
  await latchkey.api.POST('/v1/password/change', { body })
  const after = await latchkey.accessToken({ resource })

  assert.notEqual(after.data, before.data)
  assert.equal(service.to('/v1/token/refresh').length, 2)
})
