// better-auth in a process of its own, on a database of its own, with people who have the password of the others.
import { availableParallelism } from 'node:os'
import { startChild } from './child.js'
import { NODE_OPTIONS } from './latchkey.js'
import { expectStatus, PASSWORD } from './people.js'
import { cpuMs } from './processes.js'

/** As bin/latchkey.cjs sets it. */
const THREADS = String(availableParallelism() + 2)

export async function startBetterAuth({ databaseUrl, sendgrid, bcryptCost }) {
  const began = performance.now()
  const child = await startChild(
    'better-auth',
    { databaseUrl, sendgridUrl: sendgrid.url, bcryptCost },
    // The same thread pool and heap as the service has.
    { nodeOptions: NODE_OPTIONS, env: { UV_THREADPOOL_SIZE: THREADS, NODE_ENV: 'production' } },
  )
  const call = (path, body) =>
    fetch(`${child.url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: child.url },
      body: JSON.stringify(body),
    })
  return {
    ...child,
    startMs: performance.now() - began,
    startCpuMs: await cpuMs(child.pid),
    databaseUrl,
    async signUp(emails) {
      for (const email of emails) {
        await expectStatus(200, call('/sign-up/email', { email, password: PASSWORD, name: 'A person' }))
      }
    },
    /** @returns the cookie of a new session for each address */
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
  }
}
