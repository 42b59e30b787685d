// The load generator. Each connection sends its next request as soon as the last one is answered, or after a pause.
//
// A request is { path, method, headers, body }. `{n}` in the path or the body becomes a number that no other request of
// the process gets, modulo `numbers`; `{ip}` in a header becomes an IP address made of that number. `carry` names fields
// of the answer that the next body of the request gets: a refresh token, for example. With `flowPath`, that path is read
// first, and `{flow}` in the path becomes the `id` in its answer; both count as one request.
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'undici'
import { offer } from '../environment/child.js'

/** A prime, so that the numbers of neighbours lie far apart and none comes twice. */
const SCATTER = 7919

let lastNumber = 0

offer({}, { run })

/**
 * @param {{ url: string, requests: object[], connections: number, seconds?: number, total?: number, pauseMs?: number,
 *   patienceMs?: number }} load
 *   for so long or so often in all; connection i of n sends the requests i, i + n, i + 2n, … in turn
 * @returns what was answered. Of the answers 200, `inTime` were given within patienceMs, and `okBeforeEnd` before the time was over
 */
async function run({ url, requests, connections, pauseMs = 0, ...limits }) {
  const { seconds = Number.POSITIVE_INFINITY, total = Number.POSITIVE_INFINITY, patienceMs = 0 } = limits
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1, bodyTimeout: 60_000 }))
  const latencies = []
  const statuses = {}
  const bodies = requests.map(({ body }) => body)
  let sent = 0
  let bytes = 0
  let inTime = 0
  let okBeforeEnd = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  const end = began + seconds * 1000
  let lastAnswer = began
  await Promise.all(
    clients.map(async (client, connection) => {
      for (let turn = 0; performance.now() < end && sent < total; turn += 1) {
        sent += 1
        const index = (connection + turn * connections) % requests.length
        const request = requests[index]
        const sentAt = performance.now()
        const { status, text } = await sendInFlow(client, { ...request, body: bodies[index] })
        lastAnswer = performance.now()
        bytes = text.length
        latencies.push(lastAnswer - sentAt)
        if (status === 200 && lastAnswer - sentAt <= patienceMs) inTime += 1
        if (status === 200 && lastAnswer < end) okBeforeEnd += 1
        statuses[status] = (statuses[status] ?? 0) + 1
        if (request.carry && status === 200)
          bodies[index] = { ...bodies[index], ...pick(JSON.parse(text), request.carry) }
        if (pauseMs > 0) await wait(pauseMs)
      }
    }),
  )
  const { user, system } = process.cpuUsage(cpu)
  await Promise.all(clients.map((client) => client.close()))
  latencies.sort((one, other) => one - other)
  return {
    count: latencies.length,
    statuses,
    bytes, // of the last answer
    inTime,
    okBeforeEnd,
    seconds: (lastAnswer - began) / 1000,
    p50: latencies[Math.floor(latencies.length * 0.5)],
    p99: latencies[Math.floor(latencies.length * 0.99)],
    slowest: latencies.at(-1),
    clientCpuMs: (user + system) / 1000,
    bodies, // with what was carried, so that the next run can go on
  }
}

async function sendInFlow(client, { flowPath, ...request }) {
  lastNumber += 1
  if (flowPath === undefined) return send(client, request, lastNumber)
  const number = lastNumber
  const { text } = await send(client, { path: flowPath }, number)
  return send(client, { ...request, path: request.path.replace('{flow}', JSON.parse(text).id) }, number)
}

async function send(client, { path, method = 'GET', headers = {}, body, numbers = 1_000_000_000 }, number) {
  const fill = (text) => text.replace('{n}', (number * SCATTER) % numbers).replace('{ip}', ipOf(number))
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const sentHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]))
  const answer = await client.request({ path: fill(path), method, headers: sentHeaders, body: text && fill(text) })
  return { status: answer.statusCode, text: await answer.body.text() }
}

/** The networks of RFC 2544, which are meant for measurements. */
function ipOf(number) {
  return `198.${18 + ((number >> 16) & 1)}.${(number >> 8) & 255}.${number & 255}`
}

function pick(answer, names) {
  return Object.fromEntries(names.map((name) => [name, answer[name]]))
}
