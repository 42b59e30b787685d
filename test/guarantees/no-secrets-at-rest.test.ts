import { expect, test } from '@jest/globals'
import { HOME } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'
import { TraceRecorder, textOf } from '../support/trace-recorder.ts'

const SECRET_KEY = 'the-secret-key-of-this-very-test-0123456789'
const API_KEY = 'SG.the-api-key.of-this-very-test'
const traces = new TraceRecorder()
const { api, clock, deps, logLines, mailbox, people, sendgrid } = await startTestApp({
  env: { SECRET_KEY, SENDGRID_API_KEY: API_KEY },
  traces,
})

/** Every secret that occurs in the journey, with its description. */
const secrets = new Map<string, string>([
  ['the secret key', SECRET_KEY],
  ['the key of the mail provider', API_KEY],
])
/** Everything that was in the database at one time or another. */
const dumps: string[] = []

/** Every row of every table, the queue's too: what a stolen backup holds. */
async function dump(): Promise<void> {
  const { rows: tables } = await deps.pool.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema IN ('public', 'graphile_worker') AND table_type = 'BASE TABLE'`,
  )
  for (const { name } of tables) {
    const { rows } = await deps.pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)
    dumps.push(`${name}: ${rows.map(({ row }) => row).join('\n')}`)
  }
}

function keep(what: string, secret: string): string {
  if (!secret) throw new Error(`there is no ${what}`)
  secrets.set(`${what} (${secrets.size})`, secret)
  return secret
}

function keepTokens({ accessToken, refreshToken }: { accessToken: string; refreshToken: string }): void {
  keep('an access token', accessToken)
  keep('a refresh token', refreshToken)
}

/** Returns the token of a mail. The database is dumped before the mail is sent and after it. */
async function mailed(email: string, kind: Parameters<typeof mailbox.token>[1]): Promise<string> {
  await dump()
  const token = keep(`the token of ${kind}`, await mailbox.token(email, kind))
  await dump()
  return token
}

async function walkTheSettings(ada: Person): Promise<void> {
  const { reauthToken } = (await ada.post('/v1/reauthenticate', { currentPassword: ada.password })).body
  keep('a reauthentication token', reauthToken)
  const [former, newEmail] = [ada.email, people.newEmail()]
  await ada.post('/v1/email/change', { newEmail, reauthToken })
  await mailed(former, 'email_change_requested')
  await api.post('/v1/email/change/confirm', { token: await mailed(newEmail, 'confirm_email') })
  keepTokens((await ada.refresh()).body)
  const newPassword = keep('a changed password', 'Changed-Password-2')
  keepTokens((await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword })).body)
  await api.post('/v1/email/change/revert', { token: await mailed(former, 'email_changed') })
  const token = await mailed(former, 'reset_after_revert')
  await api.post('/v1/password/reset/check', { token })
  await api.post('/v1/password/reset', { token, newPassword: keep('a reset password', 'Reset-Password-3') })
}

/** Mistakes of people that put a secret into a field where none belongs. */
async function makeMistakes(ada: Person): Promise<void> {
  const wrong = keep('a wrong password', 'Wrong-Password-4')
  await api.post('/v1/login', { email: ada.email, password: wrong })
  await api.post('/v1/login', { email: keep('a password typed as an address', 'Mistyped-Password-5'), password: wrong })
  await api.post('/v1/login', `{"email":"${ada.email}","password":"${wrong}"`)
  await api.post('/v1/login', { email: ada.email, password: wrong, [wrong]: wrong })
  await api.get(`/v1/sessions/${ada.tokens.refreshToken}?token=${ada.token}`)
  await api.delete(`/v1/sessions/${ada.tokens.refreshToken}`, { token: ada.token })
  await api.get(`/%zz?token=${ada.token}`)
  await api.get('/v1/me', { headers: { authorization: `Basic ${ada.token}` } })
  await api.post('/v1/token/refresh', { refreshToken: ada.token })
}

/** The provider refuses a mail and quotes its text, as spam filters do. */
async function failToSend(ada: Person): Promise<void> {
  await mailbox.drain()
  sendgrid.failWith({ status: 500 }, 1)
  await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()
  const [request] = sendgrid.requests.slice(-1)
  const token = /#token=([\w-]+)/.exec(JSON.stringify(request?.body))?.[1] ?? ''
  keep('the token of a mail that was not taken', token)
  const message = `Spam: https://app.acme.example/reset-password#token=${token} with ${API_KEY}`
  sendgrid.failWith({ status: 400, body: { errors: [{ message }] } }, 1)
  await mailed(ada.email, 'reset_password').catch(() => '')
  sendgrid.recover()
  await api.post('/v1/password/forgot', { email: ada.email })
  await mailed(ada.email, 'reset_password')
}

/** The secret as it is, and in every encoding in which it could be stored. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const encoded = [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')]
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...encoded]
}

async function journey(): Promise<void> {
  const email = people.newEmail('ada')
  const password = keep('a password', 'First-Password-1')
  await api.post('/v1/register', { email, password })
  await api.post('/v1/email/verify', { token: await mailed(email, 'verify_email') })
  const ada = await people.signedIn(email, password)
  keepTokens(ada.tokens)
  keepTokens((await ada.refresh()).body)
  await makeMistakes(ada)
  await walkTheSettings(ada)
  clock.advance(60)
  await failToSend(ada)
  await dump()
}

await journey()

test('the journey met every kind of secret, and the dumps hold what they should: the search can find', () => {
  const rest = dumps.join('\n')

  expect(secrets.size).toBeGreaterThan(20)
  // Not toContain(): its message would repeat the whole dump.
  for (const table of ['accounts', 'mailed_tokens', 'sessions', 'reauthentications', 'mails', 'events', 'keys']) {
    expect({ table, isFilled: rest.includes(`public.${table}: {`) }).toEqual({ table, isFilled: true })
  }
  expect(rest.includes('graphile_worker._private_jobs: {')).toBe(true)
  expect(rest.includes('SendGrid refused the mail (400): Spam: [withheld]')).toBe(true)
  expect(logLines.length).toBeGreaterThan(20)
  expect(logLines.join('\n').includes('SendGrid answered 500')).toBe(true)
})

test('L9: no password, token or key is in any table at any time, the queue’s included', () => {
  const rest = dumps.join('\n')

  const found = [...secrets].filter(([, secret]) => formsOf(secret).some((form) => rest.includes(form)))

  expect(found.map(([what]) => what)).toEqual([])
})

test('M7: no password, token or key is in any line of the log, at the finest level', () => {
  const log = logLines.join('\n')

  const found = [...secrets].filter(([, secret]) => formsOf(secret).some((form) => log.includes(form)))

  expect(found.map(([what]) => what)).toEqual([])
})

test('M7: no password, token or key is in the metrics', async () => {
  const metrics = (await api.get('/metrics')).text

  expect(metrics).toContain('latchkey_http_requests_total')
  for (const [, secret] of secrets) expect(metrics).not.toContain(secret)
})

test('no span of a trace holds a password, a token, a key, an address, an IP address, or the id of a person or a session', async () => {
  const spans = (await traces.finish()).map(textOf).join('\n')
  const { rows } = await deps.pool.query<{ id: string }>('SELECT id FROM accounts UNION SELECT id FROM sessions')
  const ids = rows.map(({ id }): [string, string] => ['the id of a person or a session', id])

  const sought = [...secrets, ...ids, ['an IP address', HOME] as const, ['an address', 'example.com'] as const]
  const found = sought.filter(([, text]) => formsOf(text).some((form) => spans.includes(form)))

  for (const name of ['POST /v1/login', 'bcrypt', 'deliver mail', 'POST /v3/mail/send'])
    expect(spans).toContain(`"name":"${name}"`)
  expect(found.map(([what]) => what)).toEqual([])
})
