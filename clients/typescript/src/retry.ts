import { networkError, type Problem } from './problem.ts'
import type { Answer } from './request.ts'

/** A longer Retry-After is reported instead of awaited. */
const LONGEST_WAIT_SECONDS = 10
const MOST_REPEATED_READS = 2
const PAUSES_AFTER_LOST_ANSWER_MS = [300, 1000, 3000]
/**
 * The service gives the same answer to a repeated refresh token for 30 seconds (REFRESH_REUSE_WINDOW). It takes a later one
 * for stolen, and revokes the session.
 */
const LATEST_REPEAT_MS = 25_000
/** An answer that has not come after this time counts as lost. */
const REFRESH_TIMEOUT_MS = 8000

/** Repeats a request that changes nothing if the service says after what time. */
export async function retryRead(send: () => Promise<Answer>, signal?: AbortSignal | null): Promise<Answer> {
  for (let repeats = 0; ; repeats++) {
    const answer = await send()
    const waitMs = requestedWaitMs(answer.problem)
    if (waitMs === undefined || repeats === MOST_REPEATED_READS) return answer
    await pause(waitMs, signal)
  }
}

/** Repeats a refresh whose answer was lost or that the service could not handle, with the same token. */
export async function retryRefresh(send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const startedAt = Date.now()
  for (let repeats = 0; ; repeats++) {
    const answer = await withTimeout(send)
    const lostAnswerPause = isLost(answer.problem) ? PAUSES_AFTER_LOST_ANSWER_MS[repeats] : undefined
    const waitMs = answer.problem?.retryAfter === undefined ? lostAnswerPause : requestedWaitMs(answer.problem)
    if (waitMs === undefined || repeats === PAUSES_AFTER_LOST_ANSWER_MS.length) return answer
    if (Date.now() + waitMs - startedAt > LATEST_REPEAT_MS) return answer
    await pause(waitMs)
  }
}

/** The service or a proxy has no answer, or it does not arrive. The service may have consumed the token. */
function isLost(problem: Problem | undefined): boolean {
  return problem !== undefined && (problem.code === 'network_error' || problem.status >= 500)
}

function requestedWaitMs(problem: Problem | undefined): number | undefined {
  if (problem?.retryAfter === undefined || problem.retryAfter > LONGEST_WAIT_SECONDS) return undefined
  return problem.status === 429 || problem.status === 503 ? problem.retryAfter * 1000 : undefined
}

async function withTimeout(send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), REFRESH_TIMEOUT_MS)
  try {
    return await send(controller.signal)
  } catch (error) {
    return { problem: networkError(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** Rejects with the reason of the signal if it aborts the pause. */
function pause(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
