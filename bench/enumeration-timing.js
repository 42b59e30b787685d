/**
 * node bench/enumeration-timing.js [PAIRS] [BCRYPT_COST]: can the time an answer takes tell whether an address has an
 * account? Starts the service as `npm start` does, its worker on, on an embedded database of its own; asks each public
 * route that takes an address PAIRS times (200) for an address that has an account and one that has not, turn and turn
 * about in random order, and prints what separates the two: medians, and the p-value of the Mann-Whitney test.
 * Plain JavaScript on top of dist, because Node 20 does not run TypeScript: build first. Run it on a quiet machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const PAIRS = Number(process.argv[2] ?? 200)
const BCRYPT_COST = process.argv[3] ?? '12'
/** So many accounts that no address meets a throttle or a limit of mails during a run. */
const ACCOUNTS = 40
const PASSWORD = 'Correct-Horse-7'

const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-enumeration-'))
await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
const port = await freePort()
const base = `http://127.0.0.1:${port}`
let requests = 0

const service = spawn(process.execPath, [path.join(import.meta.dirname, '../bin/latchkey.cjs'), 'serve'], {
  env: {
    PATH: process.env.PATH ?? '',
    ...{ DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: String(port), BCRYPT_COST, LOG_LEVEL: 'warn' },
    ...{ RATE_LIMIT_FACTOR: '0', TRUST_PROXY: '127.0.0.1' },
  },
  stdio: ['ignore', 'ignore', 'inherit'],
})
try {
  await ready()
  const known = await openAccounts()
  process.stdout.write(`${PAIRS} pairs, cost ${BCRYPT_COST}; medians in ms\n`)
  process.stdout.write('route                        account   none  ratio      p\n')
  for (const [route, bodyFor] of [
    ['/v1/password/forgot', (email) => ({ email })],
    ['/v1/email/verify/resend', (email) => ({ email })],
    ['/v1/login', (email) => ({ email, password: 'Wrong-Horse-7' })],
    ['/v1/register', (email) => ({ email, password: PASSWORD })],
  ]) {
    report(route, await measure(route, bodyFor, known))
  }
} finally {
  service.kill('SIGTERM')
  await once(service, 'exit')
  await rm(dataDir, { recursive: true, force: true })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

async function ready() {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`${base}/health/ready`).catch(() => null)
    if (answer?.ok) return
    await wait(100)
  }
  throw new Error('the service did not come up')
}

/** Each from a network of its own: guesses are counted for each network. */
async function post(route, body) {
  requests += 1
  const ip = `198.18.${(requests >> 8) & 255}.${requests & 255}`
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': ip }
  const began = performance.now()
  const answer = await fetch(base + route, { method: 'POST', headers, body: JSON.stringify(body) })
  await answer.arrayBuffer()
  return { ms: performance.now() - began, status: answer.status }
}

/** As people do: register, open the link in the mail. */
async function openAccounts() {
  const emails = Array.from({ length: ACCOUNTS }, (_, index) => `person.${index}@example.com`)
  for (const email of emails) await post('/v1/register', { email, password: PASSWORD })
  const opened = new Set()
  while (opened.size < ACCOUNTS) {
    await wait(200)
    const names = await readdir(path.join(dataDir, 'mail')).catch(() => [])
    for (const name of names.filter((file) => file.endsWith('.json') && !opened.has(file))) {
      const { link } = JSON.parse(await readFile(path.join(dataDir, 'mail', name), 'utf8'))
      await post('/v1/email/verify', { token: link.split('#token=')[1] })
      opened.add(name)
    }
  }
  return emails
}

async function measure(route, bodyFor, known) {
  const times = { known: [], unknown: [] }
  const statuses = new Set()
  for (let pair = -10; pair < PAIRS; pair += 1) {
    const addresses = {
      known: known[(pair + 10) % known.length],
      unknown: `nobody.${(pair + 10) % known.length}@example.com`,
    }
    const order = Math.random() < 0.5 ? ['known', 'unknown'] : ['unknown', 'known']
    for (const sort of order) {
      const { ms, status } = await post(route, bodyFor(addresses[sort]))
      statuses.add(status)
      if (pair >= 0) times[sort].push(ms) // the first ten warm the service up
    }
  }
  if (statuses.size !== 1) throw new Error(`${route} answered ${[...statuses].join(' and ')}`)
  return times
}

function report(route, { known, unknown }) {
  const [one, other] = [median(known), median(unknown)]
  const columns = [one.toFixed(2).padStart(8), other.toFixed(2).padStart(7), (one / other).toFixed(3).padStart(6)]
  process.stdout.write(`${route.padEnd(28)}${columns.join('')}  ${mannWhitney(known, unknown).toFixed(3)}\n`)
}

function median(times) {
  const sorted = times.toSorted((one, other) => one - other)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** The two-sided p-value, by the normal approximation: exact enough from twenty of each on. */
function mannWhitney(first, second) {
  const ranked = [...first.map((ms) => ({ ms, isFirst: true })), ...second.map((ms) => ({ ms, isFirst: false }))]
  ranked.sort((one, other) => one.ms - other.ms)
  const rankSum = ranked.reduce((sum, { isFirst }, index) => sum + (isFirst ? index + 1 : 0), 0)
  const [n, m] = [first.length, second.length]
  const u = rankSum - (n * (n + 1)) / 2
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12)
  return 2 * (1 - normal(Math.abs(z)))
}

/** The normal distribution (Abramowitz and Stegun 26.2.17; wrong by less than 7.5e-8). */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial = ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
}
