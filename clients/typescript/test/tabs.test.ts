import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { browserStorage, createLatchkey, type Latchkey, type SessionState } from '../src/index.ts'
import { fakeClock } from './support/clock.ts'
import { ada, problem, type StandIn, standIn } from './support/stand-in.ts'
import { type Browser, fakeBrowser, replaceGlobal } from './support/tabs.ts'

interface Tab {
  readonly latchkey: Latchkey
  /** Every state since the tab was opened. */
  readonly states: SessionState[]
}

async function openTab(browser: Browser, service: StandIn): Promise<Tab> {
  const open = () => createLatchkey({ baseUrl: 'http://service', fetch: service.fetch, storage: browserStorage() })
  const latchkey = browser.openTab(open)
  const states: SessionState[] = []
  latchkey.onChange((state) => states.push(state))
  await latchkey.ready
  return { latchkey, states }
}

/** Two tabs of one browser in which Ada is signed in. */
async function twoTabs(t: TestContext, options?: { locks: boolean }) {
  const clock = fakeClock(t)
  const service = standIn()
  const browser = fakeBrowser(t, options)
  const first = await openTab(browser, service)
  const second = await openTab(browser, service)
  await first.latchkey.signIn(ada)
  await clock.advance(0.1)
  return { clock, service, browser, first, second }
}

test('a sign-in in one tab signs the others in', async (t) => {
  const { second } = await twoTabs(t)

  assert.deepEqual(
    second.states.map(({ status }) => status),
    ['signed_out', 'signed_in'],
  )
})

test('a tab that is opened later, or reloaded, is signed in', async (t) => {
  const { browser, service } = await twoTabs(t)

  const { latchkey } = await openTab(browser, service)

  assert.equal(latchkey.state.status, 'signed_in')
  assert.equal((await latchkey.api.GET('/v1/me')).data?.email, ada.email)
})

test('two tabs that need a refresh at once send one', async (t) => {
  const { clock, service, first, second } = await twoTabs(t)
  await clock.advance(270)

  const tabs = [first, second, first, second]
  const answers = Promise.all(tabs.map(({ latchkey }) => latchkey.api.GET('/v1/me')))
  await clock.advance(1)

  assert.deepEqual(
    (await answers).map(({ data }) => data?.email),
    Array(4).fill(ada.email),
  )
  assert.equal(service.to('/v1/token/refresh').length, 1)
})

test('without Web Locks, two tabs that refresh at once both stay signed in', async (t) => {
  const { clock, service, first, second } = await twoTabs(t, { locks: false })
  await clock.advance(270)
  const release = service.hold('/v1/token/refresh')

  const answers = Promise.all([first, second].map(({ latchkey }) => latchkey.api.GET('/v1/me')))
  await clock.settle()
  release()

  assert.deepEqual(
    (await answers).map(({ data }) => data?.email),
    [ada.email, ada.email],
  )
  assert.equal(service.to('/v1/token/refresh').length, 2)
  await clock.advance(270)
  assert.equal((await second.latchkey.api.GET('/v1/me')).problem, undefined)
  assert.equal((await first.latchkey.api.GET('/v1/me')).problem, undefined)
})

test('a sign-out in one tab signs the others out, and they know that it was another tab', async (t) => {
  const { clock, service, browser, first, second } = await twoTabs(t)

  await first.latchkey.signOut()
  await clock.advance(1)

  assert.deepEqual(first.latchkey.state, { status: 'signed_out', reason: 'signed_out' })
  assert.deepEqual(second.latchkey.state, { status: 'signed_out', reason: 'signed_out_in_another_tab' })
  assert.equal(second.states.length, 3)
  assert.equal(browser.items().size, 0)
  assert.equal(service.to('/v1/logout').length, 1)
})

test('the reason why a session ended reaches the other tabs', async (t) => {
  const { clock, service, first, second } = await twoTabs(t)
  service.answerNext(problem(401, 'unauthenticated'), problem(401, 'refresh_token_reused'))

  await first.latchkey.checkSession()
  await clock.advance(1)

  assert.deepEqual(second.latchkey.state, { status: 'signed_out', reason: 'refresh_token_reused' })
})

test('a password change in one tab keeps the other signed in, also if it refreshes at that moment', async (t) => {
  const { clock, service, first, second } = await twoTabs(t)
  const release = service.hold('/v1/password/change')

  const body = { currentPassword: ada.password, newPassword: 'Another horse 8' }
  const change = first.latchkey.api.POST('/v1/password/change', { body })
  await clock.settle()
  await clock.advance(270)
  const account = second.latchkey.api.GET('/v1/me')
  await clock.settle()
  release()
  await clock.advance(1)

  assert.equal((await change).problem, undefined)
  assert.equal((await account).data?.email, ada.email)
  assert.deepEqual(service.to('/v1/token/refresh'), [])
})

test('without Web Locks, a refresh that a password change overtook uses the new tokens', async (t) => {
  const { clock, service, first, second } = await twoTabs(t, { locks: false })
  const releaseChange = service.hold('/v1/password/change')
  const releaseRefresh = service.hold('/v1/token/refresh')

  const body = { currentPassword: ada.password, newPassword: 'Another horse 8' }
  const change = first.latchkey.api.POST('/v1/password/change', { body })
  await clock.settle()
  await clock.advance(270)
  const account = second.latchkey.api.GET('/v1/me')
  await clock.settle()
  releaseChange()
  await change
  await clock.advance(0.1)
  releaseRefresh()

  assert.equal((await account).data?.email, ada.email)
  assert.equal(second.latchkey.state.status, 'signed_in')
  assert.deepEqual(
    service.to('/v1/token/refresh').map((request) => request.body['refreshToken']),
    ['refresh.session1.1'],
  )
})

test('a page that comes back from the back/forward cache reads the storage again', async (t) => {
  const { clock, browser, first } = await twoTabs(t)
  browser.clear()

  browser.restoreFirstTab()
  await clock.settle()

  assert.deepEqual(first.latchkey.state, { status: 'signed_out', reason: 'signed_out_in_another_tab' })
})

test('a client that was closed no longer follows other tabs', async (t) => {
  const { clock, first, second } = await twoTabs(t)

  second.latchkey.close()
  await first.latchkey.signOut()
  await clock.advance(1)

  assert.equal(second.latchkey.state.status, 'signed_in')
})

test('content of localStorage that the client did not write counts as no session', async (t) => {
  const service = standIn()
  const browser = fakeBrowser(t)

  for (const content of ['{"sessionId":', '"text"', 'null', '7', '{"token":"of another library"}']) {
    browser.setItem('latchkey', content)
    const { latchkey } = await openTab(browser, service)

    assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'no_session' }, content)
  }
})

test('where the browser blocks localStorage, the tokens are kept in memory', async (t) => {
  const service = standIn()
  replaceGlobal(t, 'localStorage', undefined)
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    },
  })

  const latchkey = createLatchkey({ baseUrl: 'http://service', fetch: service.fetch, storage: browserStorage() })
  await latchkey.signIn(ada)

  assert.equal((await latchkey.api.GET('/v1/me')).data?.email, ada.email)
})
