import type { SecurityEvent } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import type { WaitingMail } from '../domain/mails/read-waiting-mail.ts'
import { inSpan, type Span, type SpanAttributes } from '../tracing/span.ts'
import type { DeliveryOutcome } from './deliver-mail.ts'

/** Delivers a mail in the trace of the request that asked for it. */
export function traceMail(
  deps: Pick<Deps, 'tracing'>,
  mail: WaitingMail,
  deliver: () => Promise<DeliveryOutcome | null>,
): Promise<DeliveryOutcome | null> {
  const { requestId, traceparent } = mail.context
  const attributes = {
    'latchkey.mail.id': mail.id,
    'latchkey.mail.request': mail.request,
    'latchkey.mail.attempt': mail.attempts + 1,
    'latchkey.request_id': requestId ?? undefined,
  }
  return traceAttempt(deps, 'deliver mail', { attributes, traceparent, isFirst: mail.attempts === 0 }, async (span) => {
    const outcome = await deliver()
    span?.set({ 'latchkey.mail.outcome': outcome ?? undefined })
    if (outcome === 'postponed' || outcome === 'failed') span?.fail(outcome)
    return outcome
  })
}

/** Delivers a security event in the trace of the request that caused it. */
export function traceSecurityEvent<Result>(
  deps: Pick<Deps, 'tracing'>,
  { event, attempts }: { readonly event: SecurityEvent; readonly attempts: number },
  deliver: () => Promise<Result>,
): Promise<Result> {
  const { id, type, traceparent } = event
  const attributes = {
    'latchkey.event.id': id,
    'latchkey.event.type': type,
    'latchkey.event.attempt': attempts + 1,
  }
  return traceAttempt(deps, 'deliver security event', { attributes, traceparent, isFirst: attempts === 0 }, deliver)
}

/**
 * Deliveries are retried for up to three days. Each further attempt has a trace of its own, with a link to the request,
 * because a trace of thousands of attempts would be too large.
 */
function traceAttempt<Result>(
  { tracing }: Pick<Deps, 'tracing'>,
  name: string,
  attempt: { attributes: SpanAttributes; traceparent: string | null | undefined; isFirst: boolean },
  deliver: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  if (!tracing) return deliver(undefined)
  const { attributes, isFirst } = attempt
  const request = attempt.traceparent ?? undefined
  const origin = isFirst ? { parent: request } : { link: request }
  return inSpan(tracing.start(name, { kind: 'consumer', attributes, ...origin }), deliver)
}
