// Measures how 64 clients that guess passwords as fast as they can affect all other clients: p50 and p99 of refresh and
// health, first while the service is idle, then during the flood. `npm run build && node bench/flood.js [SECONDS]`
// The flood comes from a separate process, on the same cores as the service and its database.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as send } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { residentMegabytes, withService } from './service.js'

const CLIENTS = 64
const PAUSE_MS = 10
const PERSON = ['bench@example.com', 'Correct-Horse-7']
const seconds = Number(process.argv[2] ?? 20)

if (process.env.FLOODED) await flood(process.env.FLOODED)
else await withService({}, measure)

async function measure(service) {
  await service.openAccounts([PERSON[0]], PERSON[1])
  const device = await service.logIn(...PERSON)
  await probe(service, device, 2) // warm
  const before = await residentMegabytes(service.pid)
  const idle = await probe(service, device, seconds)
  const flooder = fork(import.meta.filename, { env: { ...process.env, FLOODED: service.url } })
  const counted = once(flooder, 'message')
  await wait(2_000)
  const flooded = await probe(service, device, seconds)
  const early = await residentMegabytes(service.pid)
  await probe(service, device, seconds)
  const late = await residentMegabytes(service.pid)
  flooder.send('enough')
  const [statuses] = await counted
  const afterwards = await service.post('/v1/login', { email: PERSON[0], password: PERSON[1] })

  for (const route of ['refresh', 'health']) report(route, idle[route], flooded[route])
  process.stdout.write(`the flood was answered ${JSON.stringify(statuses)}; the next sign-in ${afterwards.status}\n`)
  process.stdout.write(`memory: ${before} MB idle, ${early} MB in the flood, ${late} MB after as long again\n`)
}

/** One client refreshes and one requests the health check, each again 10 ms after its answer. */
async function probe(service, device, duration) {
  const agent = new Agent({ keepAlive: true })
  const end = performance.now() + duration * 1000
  const client = async (path, method, bodyOf, onAnswer) => {
    const latencies = []
    while (performance.now() < end) {
      const began = performance.now()
      const { status, body } = await ask(agent, service.url + path, method, bodyOf())
      if (status !== 200) throw new Error(`${path} answered ${status} ${body}`)
      latencies.push(performance.now() - began)
      onAnswer(body)
      await wait(PAUSE_MS)
    }
    return latencies.sort((one, other) => one - other)
  }
  const [refresh, health] = await Promise.all([
    client(
      '/v1/token/refresh',
      'POST',
      () => ({ refreshToken: device.refreshToken }),
      (body) => Object.assign(device, JSON.parse(body)),
    ),
    client(
      '/health/ready',
      'GET',
      () => undefined,
      () => undefined,
    ),
  ])
  agent.destroy()
  return { refresh, health }
}

/** Each client has its own network and guesses at another address each time, so that only the hashing lane limits it. */
async function flood(url) {
  const agent = new Agent({ keepAlive: true })
  const statuses = {}
  let isOver = false
  process.once('message', () => {
    isOver = true
  })
  const client = async (number) => {
    for (let guess = 0; !isOver; guess += 1) {
      const headers = { 'x-forwarded-for': `198.18.${number}.1` }
      const body = { email: `nobody.${number}.${guess}@example.com`, password: 'Wrong-Horse-7' }
      const { status } = await ask(agent, `${url}/v1/login`, 'POST', body, headers)
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  agent.destroy()
  process.send(statuses)
  process.disconnect()
}

async function ask(agent, url, method, json, headers = {}) {
  const body = json === undefined ? '' : JSON.stringify(json)
  const described = body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}
  const sent = send(url, { agent, method, headers: { ...headers, ...described } })
  sent.end(body)
  const [answer] = await once(sent, 'response')
  let text = ''
  for await (const chunk of answer) text += chunk
  return { status: answer.statusCode, body: text }
}

function report(route, idle, flooded) {
  const quantile = (sorted, part) => sorted[Math.floor(sorted.length * part)]
  const parts = [0.5, 0.99].map((part) => {
    const [calm, busy] = [quantile(idle, part), quantile(flooded, part)]
    return `p${part * 100} ${calm.toFixed(1)} -> ${busy.toFixed(1)} ms (x ${(busy / calm).toFixed(1)})`
  })
  process.stdout.write(`${route.padEnd(8)} idle -> in the flood: ${parts.join(', ')}\n`)
}
