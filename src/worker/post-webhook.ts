/**
 * Posts a signed body. Only a 2xx counts: a redirect would take it to a host that nobody configured. What the receiver
 * answers beyond its status is not read.
 *
 * @returns null once it is delivered, else why it is not.
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
    return response.ok ? null : `It answered ${response.status}`
  } catch (error) {
    return failureOf(error)
  }
}

/** By shape: these errors come from Node's own realm, where `instanceof` may be blind. */
function failureOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return 'It did not answer in time'
  if (name === 'AbortError') return 'The worker was stopped meanwhile'
  return typeof cause?.code === 'string' ? `It could not be reached (${cause.code})` : 'It could not be reached'
}
