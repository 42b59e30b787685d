import type { Mail } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import type { MailContext } from '../domain/mails/queue-mail.ts'
import { inSpan } from '../tracing/span.ts'
import type { DeliveryOutcome } from './deliver-mail.ts'

/**
 * Delivers a mail in the trace of the request that asked for it. A mail is retried for up to three days. Each further
 * attempt has a trace of its own, with a link to the request, because a trace of thousands of attempts would be too large.
 */
export async function traceDelivery(
  { tracing }: Pick<Deps, 'tracing'>,
  mail: Mail,
  deliver: () => Promise<DeliveryOutcome | null>,
): Promise<DeliveryOutcome | null> {
  if (!tracing) return deliver()
  const { requestId, traceparent } = mail.context as MailContext
  const span = tracing.start('deliver mail', {
    kind: 'consumer',
    attributes: {
      'latchkey.mail.id': mail.id,
      'latchkey.mail.request': mail.request,
      'latchkey.mail.attempt': mail.attempts + 1,
      'latchkey.request_id': requestId ?? undefined,
    },
    [mail.attempts === 0 ? 'parent' : 'link']: traceparent,
  })
  return inSpan(span, async () => {
    const outcome = await deliver()
    span.set({ 'latchkey.mail.outcome': outcome ?? undefined })
    if (outcome === 'postponed' || outcome === 'failed') span.fail(outcome)
    return outcome
  })
}
