import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../domain/problems.ts'

/** `uri-host [":" port]` of RFC 9110 section 7.2, with the host of RFC 3986 section 3.2.2. */
const HOST = /^(?:\[(?<literal>[^\]]+)\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::\d{0,5})?$/
const FUTURE_IP_LITERAL = /^v[0-9A-Fa-f]+\.[\w\-.~!$&'()*+,;=:]+$/

/**
 * Refuses a request whose Host header is missing, repeated or not valid (RFC 9112 section 3.2). The service itself does not
 * depend on the name, but a proxy in front of it may, and could read such a header differently. Node refuses only a missing
 * header, and not with a problem document.
 */
export function requireValidHost(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { rawHeaders, httpVersion } = request.raw
    const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host')
    const isMissing = hosts.length === 0 && httpVersion === '1.1' // HTTP/1.0 does not demand it: some probes leave it out
    if (isMissing || hosts.length > 1 || !hosts.every(isHost)) throw new Refusal('invalid_request')
    done()
  })
}

function isHost(text: string): boolean {
  const match = HOST.exec(text)
  const literal = match?.groups?.['literal']
  return match !== null && (literal === undefined || isIPv6(literal) || FUTURE_IP_LITERAL.test(literal))
}
