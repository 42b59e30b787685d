import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { startListeningApp } from '../support/listening-app.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import { until } from '../support/until.ts'

const WEBHOOK = '/v1/webhooks/sendgrid'
const service = await startListeningApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const sendgrid = new SendgridEvents(service)
const port = Number(new URL(service.url).port)

/** The service's side of every connection. */
const accepted = new Set<Socket>()
service.app.server.on('connection', (socket: Socket) => {
  accepted.add(socket)
  socket.once('close', () => accepted.delete(socket))
})

interface Connection {
  readonly socket: Socket
  /** What the service has sent so far. */
  received: string
  readonly closed: Promise<unknown>
}

async function open(bytes: string): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  const connection: Connection = {
    socket,
    received: '',
    closed: new Promise((resolve) => socket.once('close', resolve)),
  }
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    connection.received += chunk
  })
  await once(socket, 'connect')
  socket.write(bytes)
  return connection
}

function webhook(headers: Record<string, string>): string {
  const lines = Object.entries({ 'Content-Type': 'application/json', 'Content-Length': '1000000', ...headers })
  return [`POST ${WEBHOOK} HTTP/1.1`, 'Host: a', ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  )
}

test('a webhook without a signature is refused before its body has arrived', async () => {
  const connection = await open(webhook({}))

  await once(connection.socket, 'data')

  expect(connection.received).toMatch(/^HTTP\/1\.1 401 /)
  expect(connection.received).toContain('signature_invalid')
  connection.socket.destroy()
})

test('one client can have only a few large bodies under way, and others are still served', async () => {
  const signed = webhook(sendgrid.headersFor('[]'))
  const held = await Promise.all(Array.from({ length: 8 }, () => open(`${signed}[`)))

  const refused = await open(signed)
  await refused.closed
  const ofAnother = await service.api.post(WEBHOOK, '[]', { ip: '203.0.113.9', headers: sendgrid.headersFor('[]') })
  for (const { socket } of held) socket.destroy()
  await Promise.all(held.map(({ closed }) => closed))

  expect(refused.received).toMatch(/^HTTP\/1\.1 503 /)
  expect(refused.received).toMatch(/retry-after: \d/i)
  expect(ofAnother).toHaveStatus(204)
  expect(await sendgrid.postRaw('[]')).toHaveStatus(204)
})

test('the 501st connection of one client is closed, and there is room again when others have closed', async () => {
  const held = await Promise.all(Array.from({ length: 500 }, () => open('')))

  const refused = await open('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n')
  await refused.closed
  for (const { socket } of held) socket.destroy()
  await Promise.all(held.map(({ closed }) => closed))

  expect(refused.received).toBe('')
  expect((await fetch(`${service.url}/health/live`)).status).toBe(200)
  expect(service.logLines.filter((line) => line.includes('too many are open'))).toHaveLength(1)
})

test('the connections of a proxy in TRUST_PROXY are not counted as those of one client', async () => {
  const behindProxy = await startListeningApp({ env: { TRUST_PROXY: '127.0.0.0/8' } })
  const address = Number(new URL(behindProxy.url).port)
  const sockets = Array.from({ length: 520 }, () => connect(address, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))

  const answer = await fetch(`${behindProxy.url}/health/live`)
  for (const socket of sockets) socket.destroy()

  expect(answer.status).toBe(200)
  expect(behindProxy.logLines.filter((line) => line.includes('too many are open'))).toEqual([])
})

test('requests that are sent without waiting are answered one after the other, in their order', async () => {
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const connection = await open(['/health/live', '/v1/password/policy', '/v1/me', '/v1/nothing'].map(request).join(''))

  while (connection.received.match(/HTTP\/1\.1 /g)?.length !== 4) await once(connection.socket, 'data')

  expect([...connection.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
    '200',
    '200',
    '401',
    '404',
  ])
  connection.socket.destroy()
})

/** Requests so large an answer, and so often, that the kernel cannot take all of it from the service. */
function openUnread(path: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(5))
  return socket
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function bytesOfBuffers(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

test('connections that do not read a script of /docs share one buffer of it', async () => {
  const script = '/docs/static/swagger-ui-bundle.js'
  await (await fetch(service.url + script)).text() // it is prepared now
  const others = new Set(accepted)
  const before = bytesOfBuffers()
  const held = Array.from({ length: 40 }, () => openUnread(script))

  const unread = () => [...accepted].filter((socket) => !others.has(socket) && socket.writableLength > 0)
  await until(() => unread().length === held.length)
  const bytesOfEach = (bytesOfBuffers() - before) / held.length
  for (const socket of held) socket.destroy()

  expect(bytesOfEach).toBeLessThan(8 * 1024) // a stream of the file would hold 32 KiB for each
})
