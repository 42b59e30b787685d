// Runs the built service in a process of its own, as production runs it.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.js'
import { copyBuild } from './installation.js'
import { cpuMs } from './processes.js'

const BIN = copyBuild()
/** As in the Dockerfile and in `npm start`. */
export const NODE_OPTIONS = ['--max-semi-space-size=4']
const LONGEST_START_MS = 120_000

/** One secret for all databases of a run, because some are copies of others. */
const SECRET_KEY = randomBytes(32).toString('base64')

/**
 * The settings of production, with limits off, because one client sends everything. The log is written to /dev/null.
 *
 * @param {string} databaseUrl an external database
 * @param {string} sendgridUrl the stand-in that receives the mails
 */
export function productionSettings({ databaseUrl, sendgridUrl, ...settings }) {
  const page = (name) => `https://product.example/${name}#token={token}`
  return {
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    SECRET_KEY,
    PUBLIC_URL: 'https://accounts.product.example',
    PRODUCT_NAME: 'Bench',
    SUPPORT_CONTACT: 'support@product.example',
    LINK_VERIFY_EMAIL: page('verify-email'),
    LINK_RESET_PASSWORD: page('reset-password'),
    LINK_CONFIRM_EMAIL: page('confirm-email'),
    LINK_REVERT_EMAIL: page('revert-email'),
    MAIL_TRANSPORT: 'sendgrid',
    MAIL_FROM: 'Bench <support@product.example>',
    SENDGRID_API_KEY: 'SG.bench',
    SENDGRID_BASE_URL: sendgridUrl,
    TRUST_PROXY: '127.0.0.1',
    RATE_LIMIT_FACTOR: '0',
    ...settings,
  }
}

/** Migrates an external database. */
export async function migrateDatabase(settings) {
  await promisify(execFile)(process.execPath, [BIN, 'migrate'], { env: await environmentOf(settings) })
}

/** Creates a service client with these scopes. */
export async function createClient(service, ...scopes) {
  const command = [BIN, 'clients', 'create', '--name', 'bench', '--json', '--scope', scopes.join(' ')]
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: service.env })
  return JSON.parse(stdout)
}

/** Starts `serve` and waits until it is ready. `startMs` is the time from the start of the process to /health/ready. */
export async function startLatchkey(settings, ...options) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
  const port = await freePort()
  const env = { ...(await environmentOf(settings)), DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: String(port) }
  const began = performance.now()
  const child = spawn(process.execPath, [...NODE_OPTIONS, BIN, 'serve', ...options], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = () => {
    child.kill('SIGKILL')
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  process.once('exit', kill)
  const url = `http://127.0.0.1:${port}`
  await untilReady(`${url}/health/ready`, began, child)
  return {
    startMs: performance.now() - began,
    startCpuMs: await cpuMs(child.pid),
    url,
    env,
    databaseUrl: settings.DATABASE_URL,
    dataDir,
    pid: child.pid,
    async stop() {
      if (child.exitCode === null && child.kill('SIGINT')) await once(child, 'exit')
      process.off('exit', kill)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function untilReady(url, began, child) {
  while (performance.now() - began < LONGEST_START_MS && child.exitCode === null) {
    const answer = await fetch(url).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.ok) return
    await wait(5)
  }
  throw new Error('the service did not become ready')
}

/** Nothing of the caller's environment reaches the service. */
async function environmentOf(settings) {
  return { PATH: process.env.PATH ?? '', ...settings }
}

/** Posts JSON, from an address that the service takes for the client's. */
export function post(service, route, body, headers = {}) {
  const json = { 'content-type': 'application/json' }
  return fetch(service.url + route, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
}
