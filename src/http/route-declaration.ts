import type { FastifyInstance, FastifyContextConfig as RouteDeclaration, RouteOptions } from 'fastify'
import type { ProblemCode } from '../domain/problems.ts'
import type { Scope } from '../domain/scopes.ts'
import type { OAuthErrorCode } from '../domain/service-clients/oauth-refusal.ts'
import type { RateLimitName } from './limits/rate-limits.ts'

/**
 * Who may call a route:
 * - `public`: anyone. A mailed link is public, because its token is in the body.
 * - `account`: the holder of an account, by the access token of a session. It is checked before the body is read.
 * - `{ scope }`: a service whose access token has this scope. It is checked before the body is read.
 * - `tokenHolder`: the holder of a session's token, which is in the body or in the header. The route checks it.
 * - `client`: a service client, by its credentials. The route checks them.
 * - `clientOrService`: a service client, by its credentials or by its access token. The route checks them.
 */
export type Caller = 'public' | 'account' | 'tokenHolder' | 'client' | 'clientOrService' | { readonly scope: Scope }

/** The codes that derive from the rest of a declaration, so that no route lists them. */
type DerivedCode =
  | 'unauthenticated'
  | 'insufficient_scope'
  | 'invalid_request'
  | 'too_many_attempts'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'expectation_failed'
  | 'headers_too_large'
  | 'internal_error'
  | 'overloaded'
  | 'service_unavailable'

/** The codes that a route declares. */
export type SpecificCode = Exclude<ProblemCode, DerivedCode>

/** A code that a route answers with. `meaning` replaces the one of openapi/problem-meanings.ts, where the route can be more exact. */
export type DeclaredRefusal = SpecificCode | { readonly code: SpecificCode; readonly meaning: string }

/** The refusals of every route that takes the token of a mailed link. */
export const LINK_REFUSALS = ['link_invalid', 'link_expired', 'link_used'] as const satisfies readonly SpecificCode[]

declare module 'fastify' {
  /** What a route declares about itself. openapi/derived-description.ts derives the rest of its description. */
  interface FastifyContextConfig {
    caller?: Caller
    /** How often one client may call the route. `limitOf` has the defaults. */
    limit?: RateLimitName | 'none'
    /** The limit for requests whose caller does not prove who it is. They are counted when they fail. */
    failureLimit?: RateLimitName
    /** Whether the route computes a password hash. It is then refused at once while the queue for hashing is full. */
    hashes?: boolean
    /** Whether its body or its answer can take megabytes. Only a few such requests are served at a time. */
    isLarge?: boolean
    /** The level of its line in the request log; `info` without it. Probes and scrapes come every few seconds. */
    requestLogLevel?: 'debug'
    /** The problems that the route answers with, without those that derive from the rest of the declaration. */
    refusals?: readonly DeclaredRefusal[]
    /** Whether the body may be left out. The route then reads `{}`. */
    bodyIsOptional?: boolean
    /** Takes the place of `refusals` in a route that answers errors in the form of RFC 6749. */
    oauthErrors?: readonly OAuthErrorCode[]
  }
}

/** The limit that a route declares. Without one it is `passwords` for a route that hashes, else `everythingElse`. */
export function limitOf({ limit, hashes }: RouteDeclaration): RateLimitName | 'none' {
  return limit ?? (hashes ? 'passwords' : 'everythingElse')
}

/**
 * Checks what each route declares about itself. The check of the caller (caller.ts), the request limits
 * (limits/limit-requests.ts), load shedding (limits/shed-load.ts) and openapi.yaml (openapi/derived-description.ts) read the
 * declaration. The start fails if a route does not say who may call it, because it would be public by mistake. The start
 * also fails if a route writes its security scheme or error responses by hand: they could then differ from the declaration.
 */
export function requireDeclarations(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const name = `${String(route.method)} ${route.url}`
    if (route.config?.caller === undefined) throw new Error(`${name} does not say who may call it`)
    if (statesDerivedFacts(route)) {
      throw new Error(
        `${name} must declare its caller and refusals in its config only: its description derives from them`,
      )
    }
  })
}

function statesDerivedFacts({ schema, config }: RouteOptions): boolean {
  const statuses = Object.keys((schema?.response as object | undefined) ?? {})
  const hasTwoForms = config?.refusals !== undefined && config.oauthErrors !== undefined
  return schema?.security !== undefined || hasTwoForms || statuses.some((status) => !status.startsWith('2'))
}
