import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * Where the request came from: the socket's address, or what a proxy in TRUST_PROXY says. Some proxies write the port
 * behind it, which is another with every connection: counted by that, nobody would ever have tried twice. What is no
 * address at all stands for the proxy's own.
 */
export function clientAddress(request: FastifyRequest): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(request.ip) ?? []
  const address = bracketed ?? plain ?? request.ip
  return isIP(address) ? address : (request.socket.remoteAddress ?? request.ip)
}
