import type { Api, CodesOf } from './api.ts'
import { sessionRoutes } from './generated/routes.ts'
import type { components } from './generated/schema.ts'
import type { Problem } from './problem.ts'
import { type Answer, createSendRequest, type Method, type RequestInitOfRoute } from './request.ts'
import { retryRead, retryRefresh } from './retry.ts'
import { createSession, type Refresh, type RefreshResult, type SessionState, type Tokens } from './session.ts'
import { memoryStorage } from './storage/memory-storage.ts'
import type { StoredTokens, TokenStorage } from './storage/token-storage.ts'

export interface LatchkeyOptions {
  /** Where the service is, for example `https://auth.example.com`. */
  baseUrl: string
  /** Where the tokens are kept. The default is `memoryStorage()`. */
  storage?: TokenStorage
  /** Headers of every request. A backend tells the service with them who asks. */
  headers?: Record<string, string | undefined>
  /** Sends the requests. The default is the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>
}

type Result<Data> = { data: Data; problem?: undefined } | { data?: undefined; problem: Problem }

export interface Latchkey {
  /** Every route for account holders, with types. Access tokens are added and refreshed. */
  readonly api: Api
  /** Whether somebody is signed in. The object stays the same until something changes. */
  readonly state: SessionState
  /** Resolves when the storage has been read, so that the state is no longer `loading`. */
  readonly ready: Promise<void>
  /** Calls the listener at each change of the state, from any tab. Returns a function that stops this. */
  onChange(listener: (state: SessionState) => void): () => void
  signIn(credentials: components['schemas']['LogInRequest']): Promise<{ problem?: Problem<CodesOf<'POST /v1/login'>> }>
  /** Signs out here in any case. A problem means that the service could not be told: the session may still exist there. */
  signOut(): Promise<{ problem?: Problem }>
  /** Asks the service whether the session still exists. */
  checkSession(): Promise<SessionState>
  /**
   * An access token for your own API, refreshed if it expires within 30 seconds (or half its lifetime, if that is shorter).
   * With a `resource` of `TOKEN_RESOURCES`, only this resource accepts the token.
   */
  accessToken(options?: { resource?: string }): Promise<Result<string>>
  /** Stops listening to other tabs. */
  close(): void
}

/** A password change replaces the tokens. No other request may refresh the old ones at the same time. */
const ROUTE_THAT_REPLACES_TOKENS = 'POST /v1/password/change'

/** Creates the client of one person: one for each page, or one for each request that a backend answers. */
export function createLatchkey(options: LatchkeyOptions): Latchkey {
  const { baseUrl, storage = memoryStorage(), headers, fetch } = options
  new URL(baseUrl, globalThis.location?.href) // throws for a wrong address, which would otherwise look like a lost network
  const send = createSendRequest({ baseUrl, headers, fetch })
  const session = createSession(storage, (refreshToken, resource) => {
    const body = { refreshToken, ...(resource && { resource }) }
    const attempt = (signal: AbortSignal) => send('POST', '/v1/token/refresh', { body, signal })
    return retryRefresh(attempt) as Promise<RefreshResult> // the route answers with tokens
  })

  /** Sends a request with the access token if the route needs one. A refused access token is replaced once. */
  async function sendWithSession(
    method: Method,
    path: string,
    init: RequestInitOfRoute,
    refresh: Refresh,
  ): Promise<Answer> {
    if (!sessionRoutes.includes(`${method} ${path}`)) return send(method, path, init)
    const fresh = await session.freshTokens(refresh)
    if (fresh.problem) return fresh
    const answer = await send(method, path, withBearer(init, fresh.data))
    if (answer.problem?.code !== 'unauthenticated') return answer
    const replaced = await refresh(fresh.data.accessToken)
    return replaced.problem ? replaced : send(method, path, withBearer(init, replaced.data))
  }

  async function callOnce(method: Method, path: string, init: RequestInitOfRoute, refresh: Refresh): Promise<Answer> {
    const requestedAt = Date.now()
    const answer = await sendWithSession(method, path, init, refresh)
    if (isTokens(answer.data)) await session.adopt(answer.data, requestedAt)
    return answer
  }

  function call(method: Method, path: string, init: RequestInitOfRoute = {}): Promise<Answer> {
    if (method === 'GET') return retryRead(() => callOnce(method, path, init, session.refresh), init.signal)
    if (`${method} ${path}` !== ROUTE_THAT_REPLACES_TOKENS) return callOnce(method, path, init, session.refresh)
    return session.exclusively(() => callOnce(method, path, init, session.refreshExclusively))
  }

  const methodOf = (method: Method) => (path: string, init?: RequestInitOfRoute) => call(method, path, init)
  const methods = {
    GET: methodOf('GET'),
    POST: methodOf('POST'),
    PUT: methodOf('PUT'),
    PATCH: methodOf('PATCH'),
    DELETE: methodOf('DELETE'),
  }
  const api = methods as unknown as Api // openapi.yaml says what each path takes and answers

  return {
    api,
    get state() {
      return session.state
    },
    ready: session.ready,
    onChange: session.onChange,
    close: session.close,

    async signIn(credentials) {
      const { problem } = await api.POST('/v1/login', { body: credentials })
      return problem ? { problem } : {}
    },

    async signOut() {
      const tokens = await session.read()
      await session.end('signed_out')
      if (!tokens) return {}
      // The request may outlive the page: a person who signs out often closes it.
      const init = withBearer({ body: { refreshToken: tokens.refreshToken }, keepalive: true }, tokens)
      const { problem } = await send('POST', '/v1/logout', init)
      return problem && problem.code !== 'unauthenticated' ? { problem } : {}
    },

    async checkSession() {
      await api.GET('/v1/me')
      return session.state
    },

    async accessToken({ resource } = {}) {
      const { data, problem } = await (resource ? session.freshTokensFor(resource) : session.freshTokens())
      return problem ? { problem } : { data: data.accessToken }
    },
  }
}

function withBearer(init: RequestInitOfRoute, { accessToken }: StoredTokens): RequestInitOfRoute {
  return { ...init, headers: { ...init.headers, authorization: `Bearer ${accessToken}` } }
}

function isTokens(data: unknown): data is Tokens {
  return typeof data === 'object' && data !== null && 'accessToken' in data && 'refreshToken' in data
}
