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

/** An access token is refreshed this long before it expires, but not in the first half of its lifetime. */
const REFRESH_BEFORE_EXPIRY_SECONDS = 30

/** Keeps the tokens of one session and the state that follows from them. */
export function createSession(storage: TokenStorage, sendRefresh: (refreshToken: string) => Promise<RefreshResult>) {
  const listeners = new Set<(state: SessionState) => void>()
  let state: SessionState = { status: 'loading' }
  let refreshing: Promise<TokensResult> | undefined
  let refusal: { problem: Problem; until: number } | undefined
  let lastTask: Promise<unknown> = Promise.resolve()

  function setState(next: SessionState): void {
    if (isSameState(state, next)) return
    state = next
    for (const listener of [...listeners]) listener(state)
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

  async function save(tokens: Tokens, requestedAt: number): Promise<StoredTokens> {
    const { sessionId, accessToken, expiresIn, refreshToken, refreshExpiresIn } = tokens
    const stored: StoredTokens = {
      sessionId,
      accessToken,
      refreshAt: timeAfter(requestedAt, Math.max(expiresIn - REFRESH_BEFORE_EXPIRY_SECONDS, expiresIn / 2)),
      refreshToken,
      sessionExpiresAt: timeAfter(requestedAt, refreshExpiresIn),
    }
    refusal = undefined
    await storage.save(stored)
    setState(signedIn(stored))
    return stored
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

  /** `refresh` for a task that runs exclusively already. */
  async function refreshExclusively(accessToken: string): Promise<TokensResult> {
    const tokens = await read()
    if (!tokens) return { problem: unauthenticated() }
    if (tokens.accessToken !== accessToken) return { data: tokens } // another request or tab has refreshed it
    if (refusal && Date.now() < refusal.until) return { problem: refusal.problem }
    const requestedAt = Date.now()
    const { data, problem } = await sendRefresh(tokens.refreshToken)
    // Meanwhile the person may have signed out or in, or another tab may have changed the password.
    const current = await read()
    if (current?.refreshToken !== tokens.refreshToken) {
      return current ? { data: current } : { problem: unauthenticated() }
    }
    if (data) return { data: await save(data, requestedAt) }
    if (problem.code === 'refresh_token_invalid' || problem.code === 'refresh_token_reused') {
      await end(problem.code === 'refresh_token_reused' ? problem.code : 'session_revoked')
      return { problem: unauthenticated() }
    }
    if (problem.retryAfter) refusal = { problem, until: Date.now() + problem.retryAfter * 1000 }
    return { problem }
  }

  const refresh: Refresh = (accessToken) => {
    refreshing ??= exclusively(() => refreshExclusively(accessToken)).finally(() => {
      refreshing = undefined
    })
    return refreshing
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
    save,
    end,
    exclusively,
    refresh,
    refreshExclusively,
    /** The tokens, refreshed if the access token is about to expire. */
    async freshTokens(replace: Refresh = refresh): Promise<TokensResult> {
      const tokens = await read()
      if (!tokens) return { problem: unauthenticated() }
      return Date.now() < Date.parse(tokens.refreshAt) ? { data: tokens } : replace(tokens.accessToken)
    },
    close(): void {
      stopListening?.()
      listeners.clear()
    },
  }
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
