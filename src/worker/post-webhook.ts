import { inChildSpan } from '../tracing/span.ts'

/**
 * Posts a signed body. Only a 2xx counts as delivered: a redirect would send the body to a host that is not configured.
 * Only the status of the response is read.
 *
 * @returns null if it was delivered, otherwise the reason.
 */
export function postWebhook(
  url: string,
  message: { headers: Record<string, string>; body: string; stopping: AbortSignal },
  deadlineMs = 10_000,
): Promise<string | null> {
  const attributes = { 'http.request.method': 'POST', 'server.address': new URL(url).hostname }
  return inChildSpan('POST', { kind: 'client', attributes }, async (span) => {
    const headers = { 'Content-Type': 'application/json', 'User-Agent': 'Latchkey', ...message.headers }
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: span ? { ...headers, traceparent: span.traceparent } : headers,
        body: message.body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), message.stopping]),
      })
      await response.body?.cancel()
      span?.set({ 'http.response.status_code': response.status })
      if (response.ok) return null
      span?.fail(String(response.status))
      return `The receiver answered ${response.status}`
    } catch (error) {
      const failure = failureOf(error)
      span?.fail(failure.type)
      return failure.reason
    }
  })
}

/** Recognises errors by their shape: they come from Node's own realm, where `instanceof` may fail. */
function failureOf(error: unknown): { type: string; reason: string } {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return { type: name, reason: 'The receiver did not answer in time' }
  if (name === 'AbortError') return { type: name, reason: 'The worker was stopped' }
  const type = typeof cause?.code === 'string' ? cause.code : 'unknown'
  const reason = 'The receiver could not be reached'
  return { type, reason: type === 'unknown' ? reason : `${reason} (${type})` }
}
