import { BlockList, isIP, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { canonicalIp } from '../../domain/throttle/network.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What `clientAddress` has found: limits, audit trail and log ask for it, and each time Fastify would read it again. */
    knownAddress?: string
  }
}

/**
 * The IP address that a request came from: the address of the socket, or the one that a proxy in TRUST_PROXY reports. Some
 * proxies add the port, which is different for each connection and is left out here. If a proxy reports something that is
 * not an IP address, the address of the proxy is used.
 */
export function clientAddress(request: FastifyRequest): string {
  request.knownAddress ??= findAddress(request)
  return request.knownAddress
}

function findAddress(request: FastifyRequest): string {
  const { ip } = request
  if (isIP(ip)) return canonicalIp(ip)
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(ip) ?? []
  const address = bracketed ?? plain ?? ip
  return canonicalIp(isIP(address) ? address : (request.socket.remoteAddress ?? ip))
}

/** Tells whether an IP address belongs to a proxy in TRUST_PROXY. */
export function proxyMatcher({ trustProxy }: Pick<Config, 'trustProxy'>): (ip: string) => boolean {
  const proxies = new BlockList()
  for (const entry of trustProxy) {
    const [network = '', prefix] = entry.split('/')
    const family = isIPv6(network) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) proxies.addAddress(network, family)
    else proxies.addSubnet(network, Number(prefix), family)
  }
  return (ip) => proxies.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4')
}
