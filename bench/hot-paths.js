// What the hot paths carry: introspection, a signed-in read, refresh, the JWKS. `npm run build && node bench/hot-paths.js [SECONDS]`
// Starts the service in a process of its own on an embedded database; the load comes from this one, on the same cores.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { Agent, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const BIN = new URL('../bin/latchkey.cjs', import.meta.url).pathname
const PORT = '38471'
const SERVICE = `http://127.0.0.1:${PORT}`
const PERSON = { email: 'bench@example.com', password: 'Correct-Horse-7' }
const DEVICES = 20
const CONNECTIONS = 20
const seconds = Number(process.argv[2] ?? 10)

const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-bench-'))
execFileSync('chmod', ['711', dataDir]) // as root, PostgreSQL's own user has to pass
const settings = { DATA_DIR: dataDir, PORT, RATE_LIMIT_FACTOR: '0', LOG_LEVEL: 'warn', REFRESH_REUSE_WINDOW: '300' }
const env = { ...process.env, ...settings }
const service = spawn(process.execPath, [BIN, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
try {
  while (
    !(await fetch(`${SERVICE}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await sleep(200)
  await measure()
} finally {
  service.kill('SIGTERM')
  await new Promise((resolve) => service.once('exit', resolve))
  await rm(dataDir, { recursive: true, force: true })
}

async function measure() {
  const tokens = await signUp()
  const made = execFileSync(
    process.execPath,
    [BIN, 'clients', 'create', '--name', 'bench', '--scope', 'tokens:introspect', '--json'],
    { env },
  )
  const { clientId, clientSecret } = JSON.parse(String(made))
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const granted = await fetch(`${SERVICE}/oauth/token`, {
    method: 'POST',
    headers: { ...form, authorization: basic },
    body: 'grant_type=client_credentials',
  })
  const bearer = `Bearer ${(await granted.json()).access_token}`
  const introspect = { path: '/oauth/introspect', method: 'POST', body: `token=${tokens.accessToken}` }
  await run('introspect, by Basic', { ...introspect, headers: { ...form, authorization: basic } })
  await run('introspect, by token', { ...introspect, headers: { ...form, authorization: bearer } })
  await run('introspect a refresh token', {
    ...introspect,
    body: `token=${tokens.refreshToken}`,
    headers: { ...form, authorization: basic },
  })
  await run('GET /v1/me', { path: '/v1/me', headers: { authorization: `Bearer ${tokens.accessToken}` } })
  const devices = [tokens]
  for (let more = 1; more < DEVICES; more += 1) devices.push(await logIn()) // on one session they would queue for its row
  await run(
    'refresh',
    ...devices.map(({ refreshToken }) => ({
      path: '/v1/token/refresh',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }), // its successor again and again: one UPDATE each
    })),
  )
  await run('client credentials', {
    path: '/oauth/token',
    method: 'POST',
    headers: { ...form, authorization: basic },
    body: 'grant_type=client_credentials',
  })
  await run('JWKS', { path: '/.well-known/jwks.json' })
}

async function run(name, ...requests) {
  await load(requests, 2) // warm
  const { latencies, refused } = await load(requests, seconds)
  const sorted = latencies.sort((one, other) => one - other)
  const quantile = (part) => `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1)} ms`
  const rate = `${Math.round(sorted.length / seconds)}/s`
  const line = [name.padEnd(26), rate.padStart(8), `p50 ${quantile(0.5)}`, `p99 ${quantile(0.99)}`]
  process.stdout.write(`${line.join('  ')}${refused > 0 ? `  ${refused} REFUSED` : ''}\n`)
}

/** Each connection sends its request again as soon as it is answered. */
async function load(requests, duration) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const latencies = []
  let refused = 0
  const end = performance.now() + duration * 1000
  async function connection(request) {
    while (performance.now() < end) {
      const began = performance.now()
      if ((await statusOf(request, agent)) !== 200) refused += 1
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => connection(requests[index % requests.length])))
  agent.destroy()
  return { latencies, refused }
}

function statusOf({ path, method = 'GET', headers = {}, body = '' }, agent) {
  return new Promise((resolve, reject) => {
    const length = method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) }
    const options = { agent, host: '127.0.0.1', port: PORT, path, method, headers: { ...headers, ...length } }
    const sent = send(options, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

async function signUp() {
  await post('/v1/register', PERSON)
  await post('/v1/email/verify', { token: await mailedToken() })
  return logIn()
}

async function logIn() {
  return (await post('/v1/login', PERSON)).json()
}

async function mailedToken() {
  for (;;) {
    for (const name of await readdir(join(dataDir, 'mail')).catch(() => [])) {
      const token = /#token=([A-Za-z0-9_-]{43})/.exec(await readFile(join(dataDir, 'mail', name), 'utf8'))?.[1]
      if (token) return token
    }
    await sleep(100)
  }
}

function post(path, body) {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${SERVICE}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}
