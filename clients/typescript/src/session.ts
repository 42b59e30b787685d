import type { components } from './generated/schema.ts'
import { type Problem, unauthenticated } from './problem.ts'
import type { SignedOutReason, StoredTokens, TokenStorage } from './storage/token-storage.ts'

/** A session as a page may show it. It has no token, so that it can go into logs and developer tools. */
export interface Session {
  readonly sessionId: string
  readonly sessionExpiresAt: string
}

export type SessionState =
  | { readonly status: 'loading' }
  | { readonly status: 'signed_in'; readonly session: Session }
  | { readonly status: 'signed_out'; readonly reason: SignedOutReason }

export type Tokens = components['schemas']['Tokens']
export type TokensResult = { data: StoredTokens; problem?: undefined } | { data?: undefined; problem: Problem }
export type RefreshResult = { data: Tokens; problem?: undefined } | { data?: undefined; problem: Problem }

/** Replaces an access token; returns the tokens that are valid now. */
export type Refresh = (accessToken: string) => Promise<TokensResult>

/** Sends a refresh token; with a resource (RFC 8707), for an access token that only this resource accepts. */
export type SendRefresh = (refreshToken: string, resource?: string) => Promise<RefreshResult>

/** An access token is refreshed this long before it expires, but not in the first half of its lifetime. */
const REFRESH_BEFORE_EXPIRY_SECONDS = 30

/** Keeps the tokens of one session and the state that follows from them. */
export function createSession(storage: TokenStorage, sendRefresh: SendRefresh) {
  const listeners = new Set<(state: SessionState) => void>()
  const resourceTokens = new Map<string, StoredTokens>()
  let state: SessionState = { status: 'loading' }
  let refreshing: Promise<TokensResult> | undefined
  let refusal: { problem: Problem; until: number } | undefined
  let lastTask: Promise<unknown> = Promise.resolve()

  function setState(next: SessionState): void {
    if (isSameState(state, next)) return
    state = next
    for (const listener of [...listeners]) {
      try {
        listener(state)
      } catch (error) {
        // The page reports it as its own error. It must not look like a failed refresh.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** Reads the storage, which other tabs may have changed. `reason` applies if it has lost its tokens. */
  async function read(reason: SignedOutReason = 'signed_out_in_another_tab'): Promise<StoredTokens | null> {
    const tokens = (await storage.load()) ?? null
    if (tokens && Date.parse(tokens.sessionExpiresAt) <= Date.now()) {
      await end('session_expired')
      return null
    }
    if (tokens) setState(signedIn(tokens))
    else if (state.status === 'loading') setState({ status: 'signed_out', reason: 'no_session' })
    else if (state.status === 'signed_in') setState({ status: 'signed_out', reason })
    return tokens
  }

  async function save(tokens: StoredTokens): Promise<void> {
    refusal = undefined
    await storage.save(tokens)
    setState(signedIn(tokens))
  }

  async function end(reason: SignedOutReason): Promise<void> {
    await storage.clear(reason)
    setState({ status: 'signed_out', reason })
  }

  /** Runs one task at a time: in this client, and among the clients that share the storage. */
  function exclusively<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = lastTask.then(() => (storage.exclusively ? storage.exclusively(task) : task()))
    lastTask = result.catch(() => undefined)
    return result
  }

  /** Consumes the refresh token. Returns null if something else has changed the session meanwhile. */
  async function rotate(tokens: StoredTokens, resource?: string): Promise<TokensResult | null> {
    if (refusal && Date.now() < refusal.until) return { problem: refusal.problem }
    const requestedAt = Date.now()
    const { data, problem } = await sendRefresh(tokens.refreshToken, resource)
    // The person may have signed out or in again, or another tab may have changed the password.
    if ((await read())?.refreshToken !== tokens.refreshToken) return null
    if (data) {
      const rotated = storedTokens(data, requestedAt)
      const { accessToken, refreshAt } = resource ? tokens : rotated
      await save({ ...rotated, accessToken, refreshAt })
      return { data: rotated }
    }
    if (problem.code === 'refresh_token_invalid' || problem.code === 'refresh_token_reused') {
      await end(problem.code === 'refresh_token_reused' ? problem.code : 'session_revoked')
      return { problem: unauthenticated() }
    }
    if (problem.retryAfter) refusal = { problem, until: Date.now() + problem.retryAfter * 1000 }
    return { problem }
  }

  async function current(): Promise<TokensResult> {
    const tokens = await read()
    return tokens ? { data: tokens } : { problem: unauthenticated() }
  }

  /** `refresh` for a task that runs exclusively already. */
  async function refreshExclusively(accessToken: string): Promise<TokensResult> {
    const { data, problem } = await current()
    if (problem) return { problem }
    const isReplaced = data.accessToken !== accessToken // by another request or tab
    return isReplaced ? { data } : ((await rotate(data)) ?? refreshExclusively(accessToken))
  }

  const refresh: Refresh = (accessToken) => {
    refreshing ??= exclusively(() => refreshExclusively(accessToken)).finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  /** The access token for a resource is kept in memory: only the page that asked for it needs it. */
  async function refreshForResource(resource: string): Promise<TokensResult> {
    const { data, problem } = await current()
    if (problem) return { problem }
    const known = resourceTokens.get(resource)
    if (known?.sessionId === data.sessionId && isFresh(known)) return { data: known }
    const rotated = await rotate(data, resource)
    if (rotated?.data) resourceTokens.set(resource, rotated.data)
    // The tokens that changed the session meanwhile are not for this resource.
    return rotated ?? refreshForResource(resource)
  }

  const stopListening = storage.listen?.((reason) => {
    void read(reason === 'signed_out' ? undefined : reason)
  })
  const ready = read().then(() => undefined)
  // Every later call reports the error of a storage that cannot be read. Without this, Node would end the process.
  ready.catch(() => undefined)

  return {
    ready,
    get state() {
      return state
    },
    onChange(listener: (state: SessionState) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    read,
    end,
    exclusively,
    refresh,
    refreshExclusively,
    /** Keeps the tokens of a sign-in or of a password change. */
    async adopt(tokens: Tokens, requestedAt: number): Promise<void> {
      resourceTokens.clear()
      await save(storedTokens(tokens, requestedAt))
    },
    /** The tokens, refreshed if the access token is about to expire. */
    async freshTokens(replace: Refresh = refresh): Promise<TokensResult> {
      const { data, problem } = await current()
      if (problem) return { problem }
      return isFresh(data) ? { data } : replace(data.accessToken)
    },
    freshTokensFor: (resource: string) => exclusively(() => refreshForResource(resource)),
    close(): void {
      stopListening?.()
      listeners.clear()
    },
  }
}

function storedTokens(tokens: Tokens, requestedAt: number): StoredTokens {
  const { sessionId, accessToken, expiresIn, refreshToken, refreshExpiresIn } = tokens
  return {
    sessionId,
    accessToken,
    refreshAt: timeAfter(requestedAt, Math.max(expiresIn - REFRESH_BEFORE_EXPIRY_SECONDS, expiresIn / 2)),
    refreshToken,
    sessionExpiresAt: timeAfter(requestedAt, refreshExpiresIn),
  }
}

function isFresh({ refreshAt }: StoredTokens): boolean {
  return Date.now() < Date.parse(refreshAt)
}

function signedIn({ sessionId, sessionExpiresAt }: StoredTokens): SessionState {
  return { status: 'signed_in', session: { sessionId, sessionExpiresAt } }
}

/** The end of a session is computed again at each refresh and may then differ by a moment. */
function isSameState(one: SessionState, other: SessionState): boolean {
  if (one.status === 'signed_in' && other.status === 'signed_in') {
    return one.session.sessionId === other.session.sessionId
  }
  if (one.status === 'signed_out' && other.status === 'signed_out') return one.reason === other.reason
  return one.status === other.status
}

function timeAfter(milliseconds: number, seconds: number): string {
  return new Date(milliseconds + seconds * 1000).toISOString()
}
