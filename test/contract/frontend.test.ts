import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.ts'
import { startListeningApp } from '../support/listening-app.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'
import { until } from '../support/until.ts'

/** Runs the backend-for-frontend of docs/frontend.md, unchanged, between a browser and the service. */
const ORIGIN = 'https://app.acme.example'
const document = await readFile(path.join(import.meta.dirname, '../../docs/frontend.md'), 'utf8')
const service = await startListeningApp({ env: { TRUST_PROXY: '127.0.0.1' } })
const { people, mailbox, deps } = service
const folder = await temporaryFolder('latchkey-frontend-')
const port = await freePort()
await writeFile(path.join(folder, 'bff.mjs'), /<!-- bff.mjs -->\n```js\n([\s\S]*?)```/.exec(document)?.[1] ?? '')
const backend = spawn(process.execPath, ['bff.mjs'], {
  cwd: folder,
  env: { LATCHKEY_URL: service.url, ORIGIN, PORT: String(port) },
  stdio: ['ignore', 'inherit', 'inherit'],
})
afterAll(async () => {
  backend.kill()
  if (backend.exitCode === null && backend.signalCode === null) await once(backend, 'exit')
  await rm(folder, { recursive: true, force: true })
})
await until(() =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  ),
)

/** A browser on a page of ORIGIN: it keeps the cookie. */
class Browser {
  cookie = ''
  setCookie = ''

  async call(method: string, route: string, body?: object, headers: Record<string, string> = { origin: ORIGIN }) {
    const response = await fetch(`http://127.0.0.1:${port}/api/${route}`, {
      method,
      headers: { ...headers, 'user-agent': 'Firefox', ...(this.cookie === '' ? {} : { cookie: this.cookie }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    this.setCookie = response.headers.get('set-cookie') ?? this.setCookie
    this.cookie = this.setCookie.split(';')[0] ?? ''
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
}

async function signedIn() {
  const { email, password } = await people.verified()
  const browser = new Browser()
  const answer = await browser.call('POST', 'login', { email, password })
  return { browser, email, password, answer }
}

test('the backend keeps the tokens: the browser gets a cookie that no script can read, and no token', async () => {
  const { browser, email, answer } = await signedIn()

  const account = await browser.call('GET', 'me')
  const sessions = JSON.parse((await browser.call('GET', 'sessions')).text).sessions

  expect(answer).toMatchObject({ status: 200, text: '{}' })
  expect(browser.setCookie).toMatch(/^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
  expect(JSON.parse(account.text)).toMatchObject({ email })
  expect(sessions.find((session: { current: boolean }) => session.current)).toMatchObject({ userAgent: 'Firefox' })
})

test('a wrong password is answered with the problem of the service, and starts no session', async () => {
  const { email } = await people.verified()
  const browser = new Browser()

  const refused = await browser.call('POST', 'login', { email, password: 'Wrong-Horse-7' })

  expect(refused.status).toBe(401)
  expect(JSON.parse(refused.text).code).toBe('invalid_credentials')
  expect(browser.cookie).toBe('')
})

test('a request from another site is refused, and so is a refresh', async () => {
  const { browser } = await signedIn()

  expect((await browser.call('DELETE', 'sessions', undefined, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await browser.call('DELETE', 'sessions', undefined, {})).status).toBe(403)
  expect((await browser.call('POST', 'token/refresh', { refreshToken: 'x' })).status).toBe(404)
})

test('another spelling of a path gets no token from the backend and reaches no route that it refuses', async () => {
  const { browser, email, password } = await signedIn()

  const login = await browser.call('POST', 'log%69n', { email, password })
  const refresh = await browser.call('POST', '%74oken/refresh', { refreshToken: 'x' })
  const admin = await browser.call('GET', '%61dmin/users')

  expect(login.text).not.toContain('accessToken')
  expect([login.status, refresh.status, admin.status]).toEqual([404, 404, 404])
})

test('after an email change is confirmed, parallel requests get new tokens by one refresh', async () => {
  const { browser, password } = await signedIn()
  const newEmail = people.newEmail()
  const requested = await browser.call('POST', 'email/change', { newEmail, currentPassword: password })
  const token = await mailbox.token(newEmail, 'confirm_email')
  await new Browser().call('POST', 'email/change/confirm', { token })

  const answers = await Promise.all(Array.from({ length: 5 }, () => browser.call('GET', 'me')))

  const { id } = JSON.parse(answers[0]?.text ?? '')
  const [session] = await deps.db.session.findMany({ where: { accountId: id, endedAt: null } })
  expect(requested.status).toBe(202)
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(JSON.parse(answers[4]?.text ?? '').email).toBe(newEmail)
  expect(session?.refreshCounter).toBe(2)
})

test('a password change goes on with a new cookie, and signing out ends the session at the service', async () => {
  const { browser, email, password } = await signedIn()
  const before = browser.cookie

  const change = { currentPassword: password, newPassword: 'Battery-Staple-8' }
  const changed = await browser.call('POST', 'password/change', change)
  const account = await browser.call('GET', 'me')
  const signedOut = await browser.call('POST', 'logout')

  expect(changed).toMatchObject({ status: 200, text: '{}' })
  expect(browser.cookie).not.toBe(before)
  expect(JSON.parse(account.text).email).toBe(email)
  expect(signedOut.status).toBe(204)
  const { id } = JSON.parse(account.text)
  expect(await deps.db.session.count({ where: { accountId: id, endedAt: null } })).toBe(0)
  expect((await browser.call('GET', 'me')).status).toBe(401)
})

test('a sign-out that the service could not do is reported, and can be done again', async () => {
  const { browser, email } = await signedIn()
  await deps.pool.query('ALTER TABLE sessions RENAME TO sessions_away')
  const failed = await browser.call('POST', 'logout')
  await deps.pool.query('ALTER TABLE sessions_away RENAME TO sessions')

  const again = await browser.call('POST', 'logout')

  expect([failed.status, again.status]).toEqual([500, 204])
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email } })
  expect(await deps.db.session.count({ where: { accountId: id, endReason: 'logout' } })).toBe(1)
})

test('when the session has ended elsewhere, the next request is answered 401, and public routes still work', async () => {
  const { browser, email } = await signedIn()
  const token = await service.resetToken(email)
  await service.api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })

  const refused = await browser.call('GET', 'me')
  const forgot = await browser.call('POST', 'password/forgot', { email })
  const again = await browser.call('POST', 'login', { email, password: 'Battery-Staple-8' })

  expect(refused.status).toBe(401)
  expect(JSON.parse(refused.text).code).toBe('unauthenticated')
  expect([forgot.status, again.status]).toEqual([202, 200])
})
