import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isPrivateNetwork } from '../../config/safe-settings.ts'
import type { Deps } from '../../deps.ts'
import { clientAddress } from './client-address.ts'

const WARNING =
  'TRUST_PROXY does not name a proxy that sends X-Forwarded-For: all people behind it count as one client. Add its address.'

/**
 * Warns once if a proxy that TRUST_PROXY does not name seems to stand in front of the service: the client has a private or
 * loopback address, and its requests name another client. All people then count as one client, so a stranger can use up the
 * limit and the owner of an account is refused. Any client can send this header, so it is no proof. For a client with a
 * public address we therefore do not warn.
 */
export function warnOfUnnamedProxy(app: FastifyInstance, { log }: Deps): void {
  let hasWarned = false
  function warnOf(ip: string): void {
    if (!isPrivateNetwork(ip)) return
    hasWarned = true
    log.warn({ ip }, WARNING)
  }
  app.addHook('onRequest', (request, _reply, done) => {
    if (!hasWarned && namesAnotherClient(request)) warnOf(clientAddress(request))
    done()
  })
}

/** Whether X-Forwarded-For has an entry behind the one that was taken for the client. */
function namesAnotherClient({ headers, ips }: FastifyRequest): boolean {
  const forwardedFor = headers['x-forwarded-for']
  if (forwardedFor === undefined) return false
  const entries = String(forwardedFor).split(',')
  const trustedHops = (ips?.length ?? 1) - 1
  return entries.slice(0, entries.length - trustedHops).some((entry) => entry.trim() !== '')
}
