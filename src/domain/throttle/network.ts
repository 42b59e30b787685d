import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The usual spelling of an IP address. An IPv4 address that is mapped into IPv6, in any spelling, is an IPv4 address. Any
 * other text stays as it is: for Node, an IPv4 address has one spelling.
 */
export function canonicalIp(ip: string): string {
  return isIPv6(ip) ? ipaddr.process(ip).toString() : ip
}

/**
 * The network that limits count by: one IPv4 address, or the /64 of an IPv6 address, because a household, and also an
 * attacker, has all addresses of a /64. A text that is not an IP address stands for itself.
 */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip
  const address = ipaddr.process(ip)
  if (!(address instanceof ipaddr.IPv6)) return address.toString()
  const groups = address.parts.slice(0, 4).map((part) => part.toString(16))
  return `${groups.join(':')}::/64`
}
