import createClient from 'openapi-fetch'
import { networkError, type Problem, problemOf, unexpectedResponse } from './problem.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What openapi-fetch takes beside the path. `api.ts` has the types of each route. */
export interface RequestInitOfRoute extends Omit<RequestInit, 'body' | 'headers'> {
  body?: unknown
  headers?: Record<string, unknown>
  params?: { path?: Record<string, unknown>; query?: Record<string, unknown> }
}

export interface Answer {
  data?: unknown
  problem?: Problem
  response?: Response
}

/** Sends one request. Rejects only if the caller's signal aborts it. */
export type SendRequest = (method: Method, path: string, init?: RequestInitOfRoute) => Promise<Answer>

export function createSendRequest(options: {
  baseUrl: string
  headers?: Record<string, string | undefined> | undefined
  fetch?: ((request: Request) => Promise<Response>) | undefined
}): SendRequest {
  const client = createClient<Record<string, never>>({
    baseUrl: options.baseUrl,
    headers: options.headers ?? {},
    // Looked up at each request, because tests and instrumentation replace it.
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
  })
  // The types of a route are checked where the route is known, in api.ts.
  const send = client.request as (method: Method, path: string, init?: RequestInitOfRoute) => Promise<RawAnswer>

  return async (method, path, init) => {
    try {
      const { data, error, response } = await send(method, path, init)
      return response.ok ? { data, response } : { problem: problemOf(error, response), response }
    } catch (error) {
      if (init?.signal?.aborted) throw error
      return { problem: error instanceof SyntaxError ? unexpectedResponse(200, error) : networkError(error) }
    }
  }
}

interface RawAnswer {
  data?: unknown
  error?: unknown
  response: Response
}
