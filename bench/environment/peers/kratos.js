// Ory Kratos, an identity server in Go, built from Go's module proxy. Its sign-in and its recovery take two requests: one for
// the flow and one with the answer to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import bcrypt from 'bcrypt'
import { freePort } from '../free-port.js'
import { emailOf, expectStatus, PASSWORD } from '../people.js'
import { cpuMs } from '../processes.js'
import { JSON_BODY, post } from '../requests.js'
import { kratosConfig } from './kratos-config.js'

const IDENTITIES_PER_REQUEST = 200

export async function startKratos({ program, databaseUrl, sendgrid, bcryptCost }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-kratos-'))
  const [port, adminPort] = [await freePort(), await freePort()]
  const file = path.join(folder, 'config.json')
  const config = kratosConfig({ databaseUrl, sendgridUrl: sendgrid.url, bcryptCost, port, adminPort })
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  const env = { PATH: process.env.PATH, SQA_OPT_OUT: 'true', DSN: config.dsn }
  await end(spawn(program, ['migrate', 'sql', '--read-from-env', '--yes'], { env, stdio: 'ignore' }))

  const began = performance.now()
  const child = spawn(program, ['serve', '--config', file, '--watch-courier'], { env, stdio: ['ignore', 'ignore', 2] })
  const kill = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', kill)
  const [url, adminUrl] = [port, adminPort].map((each) => `http://127.0.0.1:${each}`)
  await untilReady(`${adminUrl}/admin/health/ready`, child)
  const startMs = performance.now() - began
  const hash = await bcrypt.hash(PASSWORD, bcryptCost)
  const openAccounts = (count) => createIdentities(adminUrl, count, hash)
  return {
    name: 'Ory Kratos',
    startMs,
    startCpuMs: await cpuMs(child.pid),
    pid: child.pid,
    url,
    openAccounts,
    openMailboxes: openAccounts,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      process.off('exit', kill)
      await rm(folder, { recursive: true, force: true })
    },
    async signIn(emails) {
      const sessions = []
      for (const email of emails) {
        const flow = await (await fetch(`${url}/self-service/login/api`)).json()
        const body = JSON.stringify(signInBody(email))
        const request = fetch(`${url}/self-service/login?flow=${flow.id}`, { method: 'POST', headers: JSON_BODY, body })
        sessions.push(await (await expectStatus(200, request)).json())
      }
      return sessions
    },
    signInRequests: (emails) => emails.map((email) => inFlow('login', signInBody(email))),
    checkRequests: (sessions) =>
      sessions.map(({ session_token: token }) => ({ path: '/sessions/whoami', headers: { 'x-session-token': token } })),
    extensionUrl: adminUrl,
    extensionRequests: (sessions) =>
      sessions.map(({ session }) => ({ path: `/admin/sessions/${session.id}/extend`, method: 'PATCH' })),
    /** Its courier sends about ten mails a second. */
    mostMails: 100,
    forgotRequests: (numbers) => [
      { ...inFlow('recovery', { method: 'link', email: 'person.{n}@example.com' }), numbers },
    ],
  }
}

function signInBody(identifier) {
  return { method: 'password', identifier, password: PASSWORD }
}

function inFlow(kind, body) {
  const path = `/self-service/${kind}?flow={flow}`
  return post(path, JSON_BODY, body, { flowPath: `/self-service/${kind}/api` })
}

async function createIdentities(adminUrl, count, hash) {
  for (let from = 0; from < count; from += IDENTITIES_PER_REQUEST) {
    const length = Math.min(IDENTITIES_PER_REQUEST, count - from)
    const identities = Array.from({ length }, (_, index) => ({
      create: {
        schema_id: 'person',
        traits: { email: emailOf(from + index) },
        credentials: { password: { config: { hashed_password: hash } } },
      },
    }))
    const request = { method: 'PATCH', headers: JSON_BODY, body: JSON.stringify({ identities }) }
    await expectStatus(200, fetch(`${adminUrl}/admin/identities`, request))
  }
}

async function untilReady(url, child) {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.ok) return
    await wait(5)
  }
  throw new Error('Ory Kratos did not start')
}

async function end(child) {
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${child.spawnfile} ended with code ${code}`)
}
