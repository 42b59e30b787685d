// The mission with the client that openapi-typescript and openapi-fetch make of openapi.yaml.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/latchkey.ts'

type Problem = components['schemas']['Problem']
type Mail = { kind: string; to: string; link: string }

const { LATCHKEY_URL = '', MAIL_FOLDER = '' } = process.env
const EMAIL = 'ada+typescript@example.com'
const NEW_EMAIL = 'ada+typescript@newdomain.example'

/** What the call answered. A problem ends the program. */
function dataOf<Data>({ data, error }: { data?: Data; error?: Problem }): Data {
  assert.equal(error, undefined)
  return data as Data
}

/** The token in the newest mail of a kind to an address. The worker may not have sent it yet. */
async function mailedToken(kind: string, to: string): Promise<string> {
  for (;;) {
    const names = await readdir(MAIL_FOLDER).catch(() => [])
    for (const name of names
      .filter((each) => each.endsWith('.json'))
      .sort()
      .reverse()) {
      const mail: Mail = JSON.parse(await readFile(join(MAIL_FOLDER, name), 'utf8'))
      if (mail.kind === kind && mail.to === to) return new URL(mail.link).hash.replace('#token=', '')
    }
    await sleep(100)
  }
}

const api = createClient<paths>({ baseUrl: LATCHKEY_URL })
let accessToken = ''
api.use({
  onRequest({ request }) {
    if (accessToken) request.headers.set('Authorization', `Bearer ${accessToken}`)
  },
})

// register and verify
const policy = dataOf(await api.GET('/v1/password/policy'))
assert.ok(policy.rules.some(({ rule, checkedBy }) => rule === 'not_current' && checkedBy === 'save'))
const weak = await api.POST('/v1/register', { body: { email: EMAIL, password: 'short' } })
assert.equal(weak.error?.code, 'password_policy')
assert.ok(weak.error.violations?.some(({ rule }) => rule === 'min_length'))
const { status } = dataOf(await api.POST('/v1/register', { body: { email: EMAIL, password: 'Correct-Horse-7' } }))
assert.equal(status, 'verification_sent')
const verification = { token: await mailedToken('verify_email', EMAIL) }
assert.equal(dataOf(await api.POST('/v1/email/verify', { body: verification })).email, EMAIL)
assert.equal((await api.POST('/v1/email/verify', { body: verification })).error?.code, 'link_used')

// sign in and refresh
const wrong = await api.POST('/v1/login', { body: { email: EMAIL, password: 'Wrong-Horse-7' } })
assert.equal(wrong.response.status, 401)
assert.equal(wrong.error?.code, 'invalid_credentials')
let tokens = dataOf(await api.POST('/v1/login', { body: { email: EMAIL, password: 'Correct-Horse-7' } }))
tokens = dataOf(await api.POST('/v1/token/refresh', { body: { refreshToken: tokens.refreshToken } }))
accessToken = tokens.accessToken
const { sessions } = dataOf(await api.GET('/v1/sessions'))
assert.deepEqual(
  sessions.map(({ id, current }) => ({ id, current })),
  [{ id: tokens.sessionId, current: true }],
)

// email change: the session stays open, and gets its new access token by a refresh
const change = { newEmail: NEW_EMAIL, currentPassword: 'Correct-Horse-7' }
assert.equal(dataOf(await api.POST('/v1/email/change', { body: change })).pendingEmail, NEW_EMAIL)
const confirmation = { token: await mailedToken('confirm_email', NEW_EMAIL) }
assert.match(dataOf(await api.POST('/v1/email/change/confirm/check', { body: confirmation })).emailHint, /^a•••@/)
assert.equal(dataOf(await api.POST('/v1/email/change/confirm', { body: confirmation })).email, NEW_EMAIL)
assert.equal((await api.GET('/v1/me')).error?.code, 'unauthenticated')
tokens = dataOf(await api.POST('/v1/token/refresh', { body: { refreshToken: tokens.refreshToken } }))
accessToken = tokens.accessToken
const account = dataOf(await api.GET('/v1/me'))
assert.deepEqual([account.email, account.pendingEmail], [NEW_EMAIL, null])

// reset
assert.equal(dataOf(await api.POST('/v1/password/forgot', { body: { email: NEW_EMAIL } })).status, 'accepted')
const reset = { token: await mailedToken('reset_password', NEW_EMAIL), newPassword: 'Battery-Staple-8' }
assert.equal((await api.POST('/v1/password/reset', { body: reset })).response.status, 204)
dataOf(await api.POST('/v1/login', { body: { email: NEW_EMAIL, password: 'Battery-Staple-8' } }))
