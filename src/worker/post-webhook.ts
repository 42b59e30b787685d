/**
 * Posts a signed body. Only a 2xx counts as delivered: a redirect would send the body to a host that is not configured.
 * Only the status of the response is read.
 *
 * @returns null if it was delivered, otherwise the reason.
 */
export async function postWebhook(
  url: string,
  message: { headers: Record<string, string>; body: string; stopping: AbortSignal },
  deadlineMs = 10_000,
): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'Latchkey', ...message.headers },
      body: message.body,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), message.stopping]),
    })
    await response.body?.cancel()
    return response.ok ? null : `The receiver answered ${response.status}`
  } catch (error) {
    return failureOf(error)
  }
}

/** Recognises errors by their shape: they come from Node's own realm, where `instanceof` may fail. */
function failureOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return 'The receiver did not answer in time'
  if (name === 'AbortError') return 'The worker was stopped'
  return typeof cause?.code === 'string'
    ? `The receiver could not be reached (${cause.code})`
    : 'The receiver could not be reached'
}
