import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { Refusal } from '../domain/problems.ts'
import { authenticateSession, type Principal } from '../domain/sessions/authenticate-session.ts'
import { verifyAccessToken } from './access-token.ts'

/** Who may call a route: anybody, or the holder of an account. A mailed link is `public`: its token is in the body. */
export type Caller = 'public' | 'account'

declare module 'fastify' {
  interface FastifyContextConfig {
    caller?: Caller
  }
  interface FastifyRequest {
    /** Set on routes for account holders only; read it through `principalOf`. */
    principal: Principal | null
  }
}

/**
 * Checks the caller before the body is even read. A route that does not say who may call it stops the start: a
 * forgotten check must not be an open door.
 */
export function authenticateCallers(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest('principal', null)
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs')) return // the pages of @fastify/swagger-ui, which takes no route config
    if (!route.config?.caller) throw new Error(`${String(route.method)} ${route.url} does not say who may call it`)
  })
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.caller !== 'account') return
    const token = bearerToken(request)
    if (token === null) throw new Refusal('unauthenticated')
    const claims = verifyAccessToken(app, deps, token)
    if (!claims) throw new Refusal('unauthenticated')
    request.principal = await authenticateSession(deps, claims)
  })
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error('the route is not for account holders')
  return request.principal
}

/** Null where the header is missing or anything but one bearer token (RFC 6750 section 2.1). */
export function bearerToken(request: FastifyRequest): string | null {
  return /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? null
}
