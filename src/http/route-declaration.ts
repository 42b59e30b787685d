import type { FastifyInstance, FastifyContextConfig as RouteDeclaration, RouteOptions } from 'fastify'
import type { Scope } from '../domain/scopes.ts'
import type { OAuthErrorCode } from '../domain/service-clients/oauth-refusal.ts'
import type { RateLimitName } from './limits/rate-limits.ts'
import { oauthRefusals } from './oauth/oauth-schemas.ts'
import { type DerivedCode, refusalResponses, type SpecificCode } from './problems/refusal-responses.ts'

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

declare module 'fastify' {
  /** What a route declares about itself. `completeSchemas` derives the rest. */
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
    refusals?: readonly SpecificCode[]
    /** Takes the place of `refusals` in a route that answers errors in the form of RFC 6749. */
    oauthErrors?: readonly OAuthErrorCode[]
  }
}

/** The limit that a route declares. Without one it is `passwords` for a route that hashes, else `everythingElse`. */
export function limitOf({ limit, hashes }: RouteDeclaration): RateLimitName | 'none' {
  return limit ?? (hashes ? 'passwords' : 'everythingElse')
}

/**
 * Adds to the schema of each route what derives from its declaration: the security scheme and the error responses. The
 * check of the caller (caller.ts), the request limits (limits/limit-requests.ts) and load shedding (limits/shed-load.ts)
 * read the same declaration. The start fails if a route does not say who may call it, because it would be public by
 * mistake. The start also fails if a route writes its security scheme or error responses by hand: they could then differ
 * from the declaration.
 */
export function completeSchemas(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs')) return // @fastify/swagger-ui offers no way to give its pages a declaration
    const declaration = route.config ?? {}
    const name = `${String(route.method)} ${route.url}`
    if (declaration.caller === undefined) throw new Error(`${name} does not say who may call it`)
    if (statesDerivedFacts(route)) {
      throw new Error(`${name} must declare its caller and refusals in its config only: its schema derives from them`)
    }
    const { security } = factsOf(declaration.caller)
    const response = { ...(route.schema?.response as object | undefined), ...errorResponses(route, declaration.caller) }
    route.schema = { ...route.schema, ...(security ? { security } : {}), response }
  })
}

interface CallerFacts {
  /** The alternatives of OpenAPI's security schemes. An empty one stands for credentials in the body. */
  readonly security?: ReadonlyArray<Record<string, string[]>>
  readonly refusals?: readonly DerivedCode[]
  readonly oauthErrors?: readonly OAuthErrorCode[]
}

const FACTS: Readonly<Record<Exclude<Caller, object> | 'service', CallerFacts>> = {
  public: {},
  account: { security: [{ bearer: [] }], refusals: ['unauthenticated'] },
  tokenHolder: { security: [{}, { bearer: [] }], refusals: ['unauthenticated'] },
  service: { security: [{ service: [] }], refusals: ['unauthenticated', 'insufficient_scope'] },
  client: { security: [{ client: [] }, {}], oauthErrors: ['invalid_client'] },
  clientOrService: {
    security: [{ client: [] }, { service: [] }, {}],
    oauthErrors: ['invalid_client', 'invalid_token'],
  },
}

function factsOf(caller: Caller): CallerFacts {
  return FACTS[typeof caller === 'object' ? 'service' : caller]
}

function statesDerivedFacts({ schema, config }: RouteOptions): boolean {
  const statuses = Object.keys((schema?.response as object | undefined) ?? {})
  const hasTwoForms = config?.refusals !== undefined && config.oauthErrors !== undefined
  return schema?.security !== undefined || hasTwoForms || statuses.some((status) => Number(status) >= 400)
}

function errorResponses({ method, schema, config = {} }: RouteOptions, caller: Caller): object {
  const { refusals = [], oauthErrors = [] } = factsOf(caller)
  if (config.oauthErrors) return oauthRefusals([...oauthErrors, ...config.oauthErrors])
  return refusalResponses([...refusals, ...(config.refusals ?? [])], {
    // A body is read, and can be refused, with every other method, also by a route that has no use for it.
    readsBody: method !== 'GET' && method !== 'HEAD',
    hasParameters: schema?.params !== undefined || schema?.querystring !== undefined,
    isLimited: limitOf(config) !== 'none',
  })
}
