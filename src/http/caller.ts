import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import type { Principal, ServicePrincipal } from '../domain/principals.ts'
import { Refusal } from '../domain/problems.ts'
import type { Scope } from '../domain/scopes.ts'
import { authenticateClient } from '../domain/service-clients/authenticate-client.ts'
import { authenticateSession } from '../domain/sessions/authenticate-session.ts'
import type { Caller } from './route-declaration.ts'
import { readBearerToken } from './tokens/access-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes for account holders only; read it through `principalOf`. */
    principal: Principal | null
    /** Set on routes for services only; read it through `serviceOf`. */
    service: ServicePrincipal | null
  }
}

/** Checks the caller of each route for account holders and for services, before the body is read. */
export function authenticateCallers(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest('principal', null)
  app.decorateRequest('service', null)
  app.addHook('onRequest', async (request, reply) => {
    const { caller } = request.routeOptions.config
    const scope = scopeOf(caller)
    if (caller === 'account') request.principal = await authenticateAccount(deps, request)
    if (scope !== null) request.service = await authorizeService(deps, { request, reply, scope })
  })
}

/** The scope that the caller of a route must have. It is null for a route that is not for services. */
export function scopeOf(caller: Caller | undefined): Scope | null {
  return typeof caller === 'object' ? caller.scope : null
}

async function authenticateAccount(deps: Deps, request: FastifyRequest): Promise<Principal> {
  const token = await readBearerToken(deps, request)
  if (token?.kind !== 'session') throw new Refusal('unauthenticated')
  return authenticateSession(deps, token.claims)
}

async function authorizeService(
  deps: Deps,
  { request, reply, scope }: { request: FastifyRequest; reply: FastifyReply; scope: Scope },
): Promise<ServicePrincipal> {
  const token = await readBearerToken(deps, request)
  const service = token?.kind === 'service' ? await authenticateClient(deps, { claims: token.claims }) : null
  if (!service) throw new Refusal('unauthenticated')
  request.service = service // set before a refusal, so that the log and the audit trail name the client
  if (!service.scopes.includes(scope)) {
    reply.header('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${scope}"`) // RFC 6750 section 3.1
    throw new Refusal('insufficient_scope')
  }
  return service
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error('the route is not for account holders')
  return request.principal
}

export function serviceOf(request: FastifyRequest): ServicePrincipal {
  if (!request.service) throw new Error('the route is not for services')
  return request.service
}
