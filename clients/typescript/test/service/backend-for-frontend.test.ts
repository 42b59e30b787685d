import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { createLatchkey, type Latchkey, type StoredTokens } from '../../src/index.ts'
import { startService } from '../support/service.ts'

interface PersonsRequest {
  headers: Record<string, string>
  socket: { remoteAddress: string }
}

const service = await startService({ TRUST_PROXY: '127.0.0.1' })
after(() => service.stop())

const store = new Map<string, StoredTokens>()
const latchkeyOf = await functionOfReadme()

/** The function of the README's section on backends, run as it stands there. */
async function functionOfReadme(): Promise<(request: PersonsRequest) => Latchkey> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const block = /```ts\n([^`]*function latchkeyOf[^`]*)```/.exec(readme)?.[1]
  assert.ok(block)
  const body = block.replace(/^import .*$/m, '').replace('http://latchkey.internal:3000', service.url)
  const sessionIdFromCookie = ({ headers }: PersonsRequest) => headers['cookie']
  return new Function('createLatchkey', 'store', 'sessionIdFromCookie', `${body}; return latchkeyOf`)(
    createLatchkey,
    store,
    sessionIdFromCookie,
  )
}

/** A request that a browser sends to the backend. */
function requestOf(person: string): PersonsRequest {
  return {
    headers: { cookie: person, 'user-agent': `Mozilla/5.0 (${person}) Firefox/140.0` },
    socket: { remoteAddress: '203.0.113.7' },
  }
}

test('a backend keeps the tokens of each person, and the service sees the person’s device and network', async () => {
  const email = 'ada@example.com'
  const password = 'Correct horse 7'
  await latchkeyOf(requestOf('Ada')).api.POST('/v1/register', { body: { email, password } })
  const token = await service.linkToken('verify_email', email)
  await latchkeyOf(requestOf('Ada')).api.POST('/v1/email/verify', { body: { token } })

  await latchkeyOf(requestOf('Ada')).signIn({ email, password })
  const { data } = await latchkeyOf(requestOf('Ada')).api.GET('/v1/sessions')
  const { problem: other } = await latchkeyOf(requestOf('Eve')).api.GET('/v1/sessions')

  assert.deepEqual(
    data?.sessions.map(({ ip, userAgent }) => ({ ip, userAgent })),
    [{ ip: '203.0.113.7', userAgent: 'Mozilla/5.0 (Ada) Firefox/140.0' }],
  )
  assert.equal(other?.code, 'unauthenticated')
  assert.deepEqual([...store.keys()], ['Ada'])
})

test('requests of one person that refresh at once all succeed', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 290_000 })

  const answers = await Promise.all(Array.from({ length: 5 }, () => latchkeyOf(requestOf('Ada')).api.GET('/v1/me')))

  assert.deepEqual(
    answers.map(({ data }) => data?.email),
    Array(5).fill('ada@example.com'),
  )
})

test('a sign-out at the backend forgets the tokens', async () => {
  await latchkeyOf(requestOf('Ada')).signOut()

  assert.equal(store.size, 0)
})
