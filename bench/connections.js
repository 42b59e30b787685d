// How much memory one client can make the service hold by opening connections, with the limits as shipped, and whether it is
// released: 900 connections that send all but the last byte of a request, that never read the answer, or that stay idle after
// an answer. `npm run build && node bench/connections.js [NAME]`
import { generateKeyPairSync } from 'node:crypto'
import { readdir, readlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { createClient } from './environment/latchkey.js'
import { serviceToken } from './environment/people.js'
import { residentMegabytes } from './environment/processes.js'
import { withService } from './environment/with-service.js'

const CONNECTIONS = 900
/** Over loopback the kernel takes some 2.5 MB from the service before a connection stands still. */
const PIPELINED = 14
const HELD_MS = 8_000
/**
 * After this the service has closed a connection that transfers nothing, with some room: after 30 s, or after about 100 s where
 * the kernel still takes a part of the answer.
 */
const RECOVERED_MS = 110_000
/** Then the clients close the others, and the service has this time to release the memory. */
const RELEASED_MS = 15_000
const EVENTS = 200_000

const signed = [
  `X-Twilio-Email-Event-Webhook-Timestamp: ${Math.floor(Date.now() / 1000)}`,
  'X-Twilio-Email-Event-Webhook-Signature: AAAA',
]
const scenarios = {
  'a signed webhook, all but its last byte': unfinished('/v1/webhooks/sendgrid', 1024 * 1024, signed),
  'an unsigned webhook, all but its last byte': unfinished('/v1/webhooks/sendgrid', 1024 * 1024, []),
  'a sign-in, all but its last byte': unfinished('/v1/login', 16 * 1024, []),
  'an unfinished header': `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Filler: ${'x'.repeat(15_000)}`,
  'idle after a small answer': get('/v1/password/policy'),
  'openapi.yaml, not read': get('/openapi.yaml').repeat(PIPELINED),
  'the script of /docs, not read': get('/docs/static/swagger-ui-bundle.js').repeat(PIPELINED),
  'the style sheet of /docs, not read': get('/docs/static/swagger-ui.css').repeat(PIPELINED),
  '/docs/json, not read': get('/docs/json').repeat(PIPELINED),
  '/docs/yaml, not read': get('/docs/yaml').repeat(PIPELINED),
  'the export of the audit trail, not read': async (service) => {
    await addEvents(service)
    return get(
      '/v1/admin/events/export',
      `Authorization: Bearer ${await serviceToken(service, await createClient(service, 'events:read'))}`,
    )
  },
}

function get(path, ...headers) {
  return [`GET ${path} HTTP/1.1`, 'Host: a', ...headers, '', ''].join('\r\n')
}

/** Some 100 MB of audit trail. */
async function addEvents({ databaseUrl }) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(
    `INSERT INTO events (id, at, type, outcome, actor_type, details)
     SELECT gen_random_uuid(), now() - make_interval(secs => n), 'login', 'failure', 'anonymous', jsonb_build_object('reason', repeat('x', 400))
     FROM generate_series(1, $1) n`,
    [EVENTS],
  )
  await client.end()
}

function unfinished(route, length, headers) {
  const head = [`POST ${route} HTTP/1.1`, 'Host: a', 'Content-Type: application/json', `Content-Length: ${length}`]
  return `${[...head, ...headers, '', ''].join('\r\n')}${' '.repeat(length - 1)}`
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const settings = {
  RATE_LIMIT_FACTOR: '1',
  SENDGRID_WEBHOOK_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
}

for (const [name, bytes] of Object.entries(scenarios)) {
  if (!name.includes(process.argv[2] ?? '')) continue
  await withService(settings, async ({ service }) =>
    measure(service, name, typeof bytes === 'string' ? bytes : await bytes(service)),
  )
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
  await wait(RELEASED_MS)
  const released = await residentMegabytes(service.pid)
  process.stdout.write(
    `${name}: ${before} MB before, ${peak} MB at most, ${after} MB after ${RECOVERED_MS / 1000} s, ` +
      `${released} MB ${RELEASED_MS / 1000} s after the clients have closed; ${open} sockets open in the service after ${HELD_MS / 1000} s, ${stillOpen} at the end\n`,
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
