// How much memory one client can make the service hold by opening connections, with the limits as shipped: 900 connections
// that send all but the last byte of a body, or that never read the answer. `npm run build && node bench/connections.js [NAME]`
import { generateKeyPairSync } from 'node:crypto'
import { readdir, readlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { residentMegabytes, withService } from './service.js'

const CONNECTIONS = 900
/** Over loopback the kernel takes some 2.5 MB from the service before a connection stands still. */
const PIPELINED = 14
const HELD_MS = 8_000
/** After this the service has closed a connection that transfers nothing (30 s), with some room. */
const RECOVERED_MS = 45_000

const signed = [
  `X-Twilio-Email-Event-Webhook-Timestamp: ${Math.floor(Date.now() / 1000)}`,
  'X-Twilio-Email-Event-Webhook-Signature: AAAA',
]
const scenarios = {
  'a signed webhook, all but its last byte': unfinished('/v1/webhooks/sendgrid', 1024 * 1024, signed),
  'an unsigned webhook, all but its last byte': unfinished('/v1/webhooks/sendgrid', 1024 * 1024, []),
  'a sign-in, all but its last byte': unfinished('/v1/login', 16 * 1024, []),
  'an unfinished header': `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Filler: ${'x'.repeat(15_000)}`,
  'openapi.yaml, not read': `GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(PIPELINED),
  'the script of /docs, not read': `GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(
    PIPELINED,
  ),
}

function unfinished(route, length, headers) {
  const head = [`POST ${route} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', `Content-Length: ${length}`]
  return `${[...head, ...headers, '', ''].join('\r\n')}${' '.repeat(length - 1)}`
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const settings = {
  RATE_LIMIT_FACTOR: '1',
  TRUST_PROXY: '',
  SENDGRID_WEBHOOK_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
}

for (const [name, bytes] of Object.entries(scenarios)) {
  if (name.includes(process.argv[2] ?? '')) await withService(settings, (service) => measure(service, name, bytes))
}

async function measure(service, name, bytes) {
  await fetch(`${service.url}/openapi.yaml`) // what is prepared once is prepared now
  const before = await residentMegabytes(service.pid)
  const sockets = Array.from({ length: CONNECTIONS }, () => hold(Number(new URL(service.url).port), bytes))
  let peak = before
  for (let waited = 0; waited < HELD_MS; waited += 250) {
    await wait(250)
    peak = Math.max(peak, await residentMegabytes(service.pid))
  }
  const open = await openSockets(service.pid)
  await wait(RECOVERED_MS - HELD_MS)
  const after = await residentMegabytes(service.pid)
  const stillOpen = await openSockets(service.pid)
  for (const socket of sockets) socket.destroy()
  process.stdout.write(
    `${name}: ${before} MB before, ${peak} MB at most, ${after} MB after ${RECOVERED_MS / 1000} s; ` +
      `${open} sockets open in the service after ${HELD_MS / 1000} s, ${stillOpen} at the end\n`,
  )
}

/** The sockets of a process: the connections of clients, and some 20 to its database. */
async function openSockets(pid) {
  const files = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')))
  return targets.filter((target) => target.startsWith('socket:')).length
}

function hold(port, bytes) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.pause() // never reads
  socket.write(bytes)
  return socket
}
