import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { networkOf } from '../../domain/throttle/network.ts'
import { proxyMatcher } from '../limits/client-address.ts'

/** The most connections of one process. Each takes about 20 KB, and up to 60 KB while its request arrives. */
const MOST_CONNECTIONS = 5_000
/** An office of 1,000 people behind one address has about 200 open: a browser opens one or two, and closes them after 72 s. */
const MOST_CONNECTIONS_OF_A_CLIENT = 500
const LOG_EVERY_MS = 60_000

/**
 * Bounds what one client and all clients together can hold by opening connections. A client is a network, as for the
 * request limits. A proxy in TRUST_PROXY is exempt from the bound for one client, because its connections belong to many.
 * A connection past a bound is closed without an answer, because reading its request is what would cost memory. A warning
 * in the log, at most once a minute, says how many there were.
 */
export function limitConnections(app: FastifyInstance, deps: Deps): void {
  const isProxy = proxyMatcher(deps.config)
  const openConnections = new Map<string, number>()
  const logRefusals = refusalLog(deps)
  app.server.maxConnections = MOST_CONNECTIONS
  app.server.on('drop', (connection) => logRefusals(connection?.remoteAddress))
  app.server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined || isProxy(remoteAddress)) return
    const client = networkOf(remoteAddress)
    const others = openConnections.get(client) ?? 0
    if (others >= MOST_CONNECTIONS_OF_A_CLIENT) {
      socket.destroy()
      logRefusals(remoteAddress)
      return
    }
    openConnections.set(client, others + 1)
    socket.once('close', () => {
      const left = (openConnections.get(client) ?? 1) - 1
      if (left === 0) openConnections.delete(client)
      else openConnections.set(client, left)
    })
  })
}

function refusalLog({ log }: Deps): (ip: string | undefined) => void {
  let lastLoggedAt = Number.NEGATIVE_INFINITY
  let refused = 0
  return (ip) => {
    refused += 1
    if (performance.now() - lastLoggedAt < LOG_EVERY_MS) return
    log.warn({ ip, refused }, 'connections are refused: too many are open')
    lastLoggedAt = performance.now()
    refused = 0
  }
}
