// Measures the throughput of the hot paths: introspection, a signed-in read, refresh, and the JWKS.
// `npm run build && node bench/hot-paths.js [SECONDS]`
// The service runs in a separate process on an embedded database; the load comes from this process, on the same cores.
import { execFileSync } from 'node:child_process'
import { Agent, request as send } from 'node:http'
import { BIN, withService } from './service.js'

const PERSON = { email: 'bench@example.com', password: 'Correct-Horse-7' }
const DEVICES = 20
const CONNECTIONS = 20
const seconds = Number(process.argv[2] ?? 10)

await withService({ REFRESH_REUSE_WINDOW: '300' }, measure)

async function measure(service) {
  await service.openAccounts([PERSON.email], PERSON.password)
  const logIn = () => service.logIn(PERSON.email, PERSON.password)
  const run = (name, ...requests) => report(service, name, requests)
  const tokens = await logIn()
  const made = execFileSync(
    process.execPath,
    [BIN, 'clients', 'create', '--name', 'bench', '--scope', 'tokens:introspect', '--json'],
    { env: service.env },
  )
  const { clientId, clientSecret } = JSON.parse(String(made))
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const granted = await fetch(`${service.url}/oauth/token`, {
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
  for (let more = 1; more < DEVICES; more += 1) devices.push(await logIn()) // with one session they would wait for its row lock
  await run(
    'refresh',
    ...devices.map(({ refreshToken }) => ({
      path: '/v1/token/refresh',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }), // the same successor each time, with one UPDATE per request
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

async function report(service, name, requests) {
  await load(service, requests, 2) // warm
  const { latencies, refused } = await load(service, requests, seconds)
  const sorted = latencies.sort((one, other) => one - other)
  const quantile = (part) => `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1)} ms`
  const rate = `${Math.round(sorted.length / seconds)}/s`
  const line = [name.padEnd(26), rate.padStart(8), `p50 ${quantile(0.5)}`, `p99 ${quantile(0.99)}`]
  process.stdout.write(`${line.join('  ')}${refused > 0 ? `  ${refused} REFUSED` : ''}\n`)
}

/** Each connection sends its next request as soon as the last one is answered. */
async function load(service, requests, duration) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const latencies = []
  let refused = 0
  const end = performance.now() + duration * 1000
  async function connection(request) {
    while (performance.now() < end) {
      const began = performance.now()
      if ((await statusOf(service, request, agent)) !== 200) refused += 1
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => connection(requests[index % requests.length])))
  agent.destroy()
  return { latencies, refused }
}

function statusOf(service, { path, method = 'GET', headers = {}, body = '' }, agent) {
  return new Promise((resolve, reject) => {
    const length = method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) }
    const options = { agent, method, headers: { ...headers, ...length } }
    const sent = send(service.url + path, options, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
