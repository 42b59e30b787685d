import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browserStorage, createLatchkey, type Latchkey } from '../../src/index.ts'
import { startService } from '../support/service.ts'
import { fakeBrowser } from '../support/tabs.ts'

const ORDERS = 'https://orders.example'
const service = await startService({ TOKEN_RESOURCES: ORDERS })
after(() => service.stop())

const PASSWORD = 'Correct horse 7'
const client = (): Latchkey => createLatchkey({ baseUrl: service.url })

async function register(email: string): Promise<void> {
  const { api } = client()
  const { problem: refused } = await api.POST('/v1/register', { body: { email, password: PASSWORD } })
  assert.equal(refused, undefined)
  const token = await service.linkToken('verify_email', email)
  const { data } = await api.POST('/v1/email/verify', { body: { token } })
  assert.equal(data?.email, email)
}

async function signedIn(email: string): Promise<Latchkey> {
  await register(email)
  const latchkey = client()
  const { problem: refused } = await latchkey.signIn({ email, password: PASSWORD })
  assert.equal(refused, undefined)
  return latchkey
}

test('a person registers, verifies their address, signs in, reads their account and signs out', async () => {
  const latchkey = await signedIn('ada@example.com')

  const { data: account } = await latchkey.api.GET('/v1/me')
  await latchkey.signOut()
  const { problem: refused } = await latchkey.signIn({ email: 'ada@example.com', password: 'Wrong horse 7' })

  assert.equal(account?.email, 'ada@example.com')
  assert.deepEqual(latchkey.state, { status: 'signed_out', reason: 'signed_out' })
  assert.equal(refused?.code, 'invalid_credentials')
})

test('after an email change is confirmed, the page that asked for it goes on', async () => {
  const latchkey = await signedIn('eve@example.com')
  const elsewhere = client()
  await elsewhere.signIn({ email: 'eve@example.com', password: PASSWORD })

  const body = { newEmail: 'eve@new.example', currentPassword: PASSWORD }
  await latchkey.api.POST('/v1/email/change', { body })
  const token = await service.linkToken('confirm_email', 'eve@new.example')
  const { problem: refused } = await client().api.POST('/v1/email/change/confirm', { body: { token } })
  const { data: account } = await latchkey.api.GET('/v1/me')

  assert.equal(refused, undefined)
  assert.equal(account?.email, 'eve@new.example')
  assert.deepEqual(await elsewhere.checkSession(), { status: 'signed_out', reason: 'session_revoked' })
})

test('a password change keeps this page signed in and signs the others out', async () => {
  const latchkey = await signedIn('bob@example.com')
  const elsewhere = client()
  await elsewhere.signIn({ email: 'bob@example.com', password: PASSWORD })

  const body = { currentPassword: PASSWORD, newPassword: 'Another horse 8' }
  const { problem: refused } = await latchkey.api.POST('/v1/password/change', { body })

  assert.equal(refused, undefined)
  assert.equal((await latchkey.checkSession()).status, 'signed_in')
  assert.deepEqual(await elsewhere.checkSession(), { status: 'signed_out', reason: 'session_revoked' })
})

test('a password reset signs every page out, and the new password signs in', async () => {
  const email = 'cyd@example.com'
  const latchkey = await signedIn(email)

  await latchkey.api.POST('/v1/password/forgot', { body: { email } })
  const token = await service.linkToken('reset_password', email)
  const weak = await latchkey.api.POST('/v1/password/reset', { body: { token, newPassword: 'weak' } })
  const reset = await latchkey.api.POST('/v1/password/reset', { body: { token, newPassword: 'Another horse 8' } })
  const state = await latchkey.checkSession()
  const { problem: refused } = await latchkey.signIn({ email, password: 'Another horse 8' })

  assert.equal(weak.problem?.code, 'password_policy')
  assert.ok(weak.problem.violations?.some(({ rule }) => rule === 'min_length'))
  assert.equal(reset.problem, undefined)
  assert.deepEqual(state, { status: 'signed_out', reason: 'session_revoked' })
  assert.equal(refused, undefined)
})

for (const locks of [true, false]) {
  test(`two tabs that refresh again and again stay signed in ${locks ? 'with' : 'without'} Web Locks`, async (t) => {
    const email = `dan-${locks}@example.com`
    await register(email)
    const browser = fakeBrowser(t, { locks })
    const openTab = () => createLatchkey({ baseUrl: service.url, storage: browserStorage() })
    const first = browser.openTab(openTab)
    const second = browser.openTab(openTab)
    const isSignedIn = new Promise<void>((resolve) => {
      second.onChange(({ status }) => status === 'signed_in' && resolve())
    })
    await first.signIn({ email, password: PASSWORD })
    await isSignedIn
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })

    for (let round = 0; round < 5; round++) {
      t.mock.timers.tick(290_000) // for the tabs only: the tokens are about to expire
      const answers = await Promise.all([first, second].map(({ api }) => api.GET('/v1/me')))
      assert.deepEqual(
        answers.map(({ data }) => data?.email),
        [email, email],
      )
    }
  })
}

test('a lost answer to a refresh does not end the session', async (t) => {
  const email = 'fay@example.com'
  await register(email)
  let lost = 0
  const latchkey = createLatchkey({
    baseUrl: service.url,
    async fetch(request) {
      const response = await fetch(request)
      if (!request.url.endsWith('/token/refresh') || lost === 2) return response
      lost += 1
      throw new TypeError('the connection broke')
    },
  })
  await latchkey.signIn({ email, password: PASSWORD })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 290_000 })

  const { data: account } = await latchkey.api.GET('/v1/me')

  assert.equal(account?.email, email)
  assert.equal(lost, 2)
})

test('a page gets a token for another API, and goes on with its own', async () => {
  const latchkey = await signedIn('gus@example.com')

  const { data: token } = await latchkey.accessToken({ resource: ORDERS })
  const { data: account } = await latchkey.api.GET('/v1/me')
  const { problem: refused } = await latchkey.accessToken({ resource: 'https://unknown.example' })

  assert.equal(audienceOf(token), ORDERS)
  assert.equal(account?.email, 'gus@example.com')
  assert.equal(refused?.code, 'invalid_target')
  assert.equal((await latchkey.checkSession()).status, 'signed_in')
})

function audienceOf(token: string | undefined): unknown {
  const [, claims] = token?.split('.') ?? []
  return JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()).aud
}
