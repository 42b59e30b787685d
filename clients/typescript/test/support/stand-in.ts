/**
 * A stand-in for the service: one account, sessions with refresh token rotation and its window of 30 seconds (contract.md,
 * note 3), and failures on demand. `fetch` is what a client gets as its option.
 */
export interface StandIn {
  fetch(request: Request): Promise<Response>
  /** Every request that arrived, in order. */
  readonly requests: Received[]
  /** The requests to this path. */
  to(path: string): Received[]
  /** The next answers do not arrive. The service has handled the requests. */
  loseAnswers(count: number): void
  /** The next requests do not arrive. */
  cutNetwork(count: number): void
  /** The next requests get this answer. */
  answerNext(...answers: Response[]): void
  /** Requests to this path wait until the returned function is called. */
  hold(path: string): () => void
  /** The service revokes the session, as after a sign-out on another device. */
  revokeSessions(): void
  /** Access tokens stop working and refresh tokens go on, as after the confirmation of an email change. */
  invalidateAccessTokens(): void
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly body: Record<string, unknown>
  readonly bearer: string | null
  readonly keepalive: boolean
}

interface StoredSession {
  id: string
  counter: number
  /** A password change invalidated the refresh tokens with lower numbers. */
  floor: number
  rotatedAt: number
  endsAt: number
  generation: number
  isRevoked: boolean
}

export const ada = { email: 'ada@example.com', password: 'Correct horse 7' }
const WINDOW_MS = 30_000
const ACCESS_TOKEN_SECONDS = 300
const SESSION_SECONDS = 2_592_000

export function standIn(): StandIn {
  const requests: Received[] = []
  const sessions: StoredSession[] = []
  const answers: Response[] = []
  const held = new Map<string, Promise<void>>()
  let generation = 1
  let lost = 0
  let cut = 0

  function tokensOf(session: StoredSession) {
    return {
      accessToken: `access.${session.id}.${session.counter}.${session.generation}.${generation}`,
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken: `refresh.${session.id}.${session.counter}`,
      refreshExpiresIn: Math.round((session.endsAt - Date.now()) / 1000),
      sessionId: session.id,
    }
  }

  function refresh(token: string, resource: unknown): Response {
    const [, id, counter] = token.split('.')
    const session = sessions.find((candidate) => candidate.id === id)
    const isOver = !session || session.isRevoked || session.endsAt <= Date.now()
    if (isOver || Number(counter) < session.floor) return problem(401, 'refresh_token_invalid')
    const isRepeated = Number(counter) === session.counter - 1 && Date.now() - session.rotatedAt <= WINDOW_MS
    if (Number(counter) !== session.counter && !isRepeated) {
      session.isRevoked = true
      return problem(401, 'refresh_token_reused')
    }
    if (!isRepeated) {
      session.counter += 1
      session.rotatedAt = Date.now()
    }
    const tokens = tokensOf(session)
    return Response.json(resource ? { ...tokens, accessToken: `for ${resource}, ${tokens.accessToken}` } : tokens)
  }

  function sessionOf(bearer: string | null): StoredSession | undefined {
    const [, id, , started, issued] = bearer?.split('.') ?? []
    return sessions.find(
      (session) =>
        session.id === id &&
        !session.isRevoked &&
        Number(started) === session.generation &&
        Number(issued) === generation,
    )
  }

  function answer({ method, path, body, bearer }: Received): Response {
    switch (`${method} ${path}`) {
      case 'POST /v1/login': {
        if (body['password'] !== ada.password) return problem(401, 'invalid_credentials')
        const endsAt = Date.now() + SESSION_SECONDS * 1000
        const id = `session${sessions.length + 1}`
        const session = { id, counter: 1, floor: 1, rotatedAt: 0, endsAt, generation: 1, isRevoked: false }
        sessions.push(session)
        return Response.json(tokensOf(session))
      }
      case 'POST /v1/token/refresh':
        return refresh(String(body['refreshToken']), body['resource'])
      case 'POST /v1/logout': {
        const session = sessions.find(({ id }) => id === String(body['refreshToken']).split('.')[1])
        if (!session) return problem(401, 'unauthenticated')
        session.isRevoked = true
        return new Response(null, { status: 204 })
      }
      case 'POST /v1/password/forgot':
        return Response.json({ status: 'accepted', receipt: 'ABCD-EFGH-JKMN' }, { status: 202 })
    }
    const session = sessionOf(bearer)
    if (!session) return problem(401, 'unauthenticated')
    switch (`${method} ${path}`) {
      case 'GET /v1/me':
        return Response.json({ id: 'account', email: ada.email })
      case 'POST /v1/email/change':
        return Response.json({ pendingEmail: body['newEmail'], expiresAt: '2026-11-27T00:00:00Z' }, { status: 202 })
      case 'POST /v1/password/change':
        // The old tokens stop working at once, without the window (contract.md, note 9).
        session.counter += 1
        session.floor = session.counter
        session.generation += 1
        return Response.json(tokensOf(session))
      default:
        return problem(404, 'not_found')
    }
  }

  return {
    requests,
    to: (path) => requests.filter((request) => request.path === path),
    async fetch(request) {
      const text = await request.text()
      const received: Received = {
        method: request.method,
        path: new URL(request.url).pathname,
        body: text ? JSON.parse(text) : {},
        bearer: request.headers.get('authorization')?.replace('Bearer ', '') ?? null,
        keepalive: request.keepalive,
      }
      if (cut > 0) {
        cut -= 1
        throw new TypeError('fetch failed')
      }
      requests.push(received)
      await Promise.race([held.get(received.path), aborted(request.signal)])
      const response = answers.shift() ?? answer(received)
      if (lost > 0) {
        lost -= 1
        throw new TypeError('fetch failed')
      }
      return response
    },
    loseAnswers(count) {
      lost = count
    },
    cutNetwork(count) {
      cut = count
    },
    answerNext: (...next) => answers.push(...next),
    hold(path) {
      const { promise, resolve } = withResolvers()
      held.set(path, promise)
      return () => {
        held.delete(path)
        resolve()
      }
    },
    revokeSessions() {
      for (const session of sessions) session.isRevoked = true
    },
    invalidateAccessTokens() {
      generation += 1
    },
  }
}

/** An error document of the service. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const retryAfter = headers['retry-after'] === undefined ? {} : { retryAfter: Number(headers['retry-after']) }
  const document = { type: 'about:blank', title: code, status, detail: `Detail of ${code}.`, code, instance: 'request' }
  return Response.json({ ...document, ...retryAfter }, { status, headers })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
