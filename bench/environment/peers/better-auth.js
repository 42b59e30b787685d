// better-auth, a library for TypeScript, in a process of its own: ../../processes/better-auth.js.
import { availableParallelism } from 'node:os'
import pg from 'pg'
import { startChild } from '../child.js'
import { NODE_OPTIONS } from '../latchkey.js'
import { emailOf, expectStatus, PASSWORD } from '../people.js'
import { cpuMs } from '../processes.js'
import { JSON_BODY, post } from '../requests.js'

/** As bin/latchkey.cjs sets it. */
const THREADS = String(availableParallelism() + 2)

export async function startBetterAuth({ databaseUrl, sendgrid, bcryptCost }) {
  const began = performance.now()
  const child = await startChild(
    'better-auth',
    { databaseUrl, sendgridUrl: sendgrid.url, bcryptCost },
    { nodeOptions: NODE_OPTIONS, env: { UV_THREADPOOL_SIZE: THREADS, NODE_ENV: 'production' } },
  )
  const { url, pid, stop } = child
  const signIn = (email) => post('/api/auth/sign-in/email', JSON_BODY, { email, password: PASSWORD })
  const call = (path, body) =>
    fetch(`${url}/api/auth${path}`, {
      method: 'POST',
      headers: { ...JSON_BODY, origin: url },
      body: JSON.stringify(body),
    })
  return {
    name: 'better-auth',
    startMs: performance.now() - began,
    startCpuMs: await cpuMs(pid),
    pid,
    url,
    stop,
    async openAccounts(count) {
      for (let number = 0; number < count; number += 1) {
        const body = { email: emailOf(number), password: PASSWORD, name: 'A person' }
        await expectStatus(200, call('/sign-up/email', body))
      }
    },
    /** Accounts that only receive mails. */
    openMailboxes: (count) => insertUsers(databaseUrl, count),
    /** @returns the cookies of new sessions */
    async signIn(emails) {
      const cookies = []
      for (const email of emails) {
        const answer = await expectStatus(200, call('/sign-in/email', { email, password: PASSWORD }))
        cookies.push(
          answer.headers
            .getSetCookie()
            .map((cookie) => cookie.split(';')[0])
            .join('; '),
        )
      }
      return cookies
    },
    signInRequests: (emails) => emails.map(signIn),
    /** Without `disableRefresh`, `updateAge: 0` extends the session at each check. */
    checkRequests: (cookies) =>
      cookies.map((cookie) => ({ path: '/api/auth/get-session?disableRefresh=true', headers: { cookie } })),
    extensionUrl: url,
    extensionRequests: (cookies) => cookies.map((cookie) => ({ path: '/api/auth/get-session', headers: { cookie } })),
    mostMails: Number.POSITIVE_INFINITY,
    forgotRequests: (numbers) => [
      post('/api/auth/request-password-reset', JSON_BODY, { email: 'person.{n}@example.com' }, { numbers }),
    ],
  }
}

async function insertUsers(databaseUrl, count) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(
    `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
     SELECT md5(n::text), 'A person', 'person.' || n || '@example.com', true, now(), now() FROM generate_series(0, $1 - 1) n`,
    [count],
  )
  await client.query('VACUUM ANALYZE')
  await client.end()
}
