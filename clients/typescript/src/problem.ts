import type { CommonProblemCode, RouteProblemCodes } from './generated/routes.ts'
import type { components } from './generated/schema.ts'

/** The codes of problems that the client itself reports. */
export type ClientProblemCode = 'network_error' | 'unexpected_response'

/** Every documented code of the routes for account holders. The service may add codes. */
export type ProblemCode = RouteProblemCodes[keyof RouteProblemCodes] | CommonProblemCode | ClientProblemCode

/** Why a request did not succeed: an RFC 9457 document of the service, or a problem that the client reports. */
export type Problem<Code extends string = ProblemCode> = Omit<components['schemas']['Problem'], 'code'> & {
  /** Decide by this field. The service may add codes: always have a default. */
  code: Code
  /** The error behind a `network_error` or an `unexpected_response`, for logs. */
  cause?: unknown
}

/** Makes a problem of the body and headers of an answer that is not a success. */
export function problemOf(body: unknown, response: Response): Problem {
  const retryAfter = secondsUntilRetry(response.headers.get('retry-after'))
  // The service documents every error as a Problem. A code that this version does not know is passed on as it is.
  const problem: Problem = isProblem(body) ? body : unexpectedResponse(response.status)
  return problem.retryAfter === undefined && retryAfter !== undefined ? { ...problem, retryAfter } : problem
}

/** No answer came. The request may still have reached the service. */
export function networkError(cause: unknown): Problem {
  return clientProblem({
    code: 'network_error',
    status: 0,
    title: 'No connection',
    detail: 'The service could not be reached. Check your connection and try again.',
    cause,
  })
}

/** The answer does not come from the service, for example an error page of a proxy. */
export function unexpectedResponse(status: number, cause?: unknown): Problem {
  return clientProblem({
    code: 'unexpected_response',
    status,
    title: 'Unexpected answer',
    detail: 'The service is not available at the moment. Try again in a few minutes.',
    cause,
  })
}

/** What the service answers to a request without a session. */
export function unauthenticated(): Problem {
  return clientProblem({
    code: 'unauthenticated',
    status: 401,
    title: 'Sign-in required',
    detail: 'You are not signed in, or your session has ended. Sign in and try again.',
  })
}

function clientProblem(problem: Omit<Problem, 'type' | 'instance'>): Problem {
  return { type: 'about:blank', instance: '', ...problem }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
}

/** Reads a Retry-After header, which has seconds or a date (RFC 9110 section 10.2.3). */
function secondsUntilRetry(header: string | null): number | undefined {
  if (!header) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}
