import type { Span, SpanAttributes } from './span.ts'

export interface TraceStart {
  readonly kind: 'server' | 'consumer'
  readonly attributes: SpanAttributes
  /** A `traceparent` header. The span continues that trace, if the header is valid. */
  readonly parent?: string | undefined
  /** A `traceparent` header. The span begins a trace of its own, with a link to that one, if the header is valid. */
  readonly link?: string | undefined
}

export interface Tracing {
  /** Starts the first span of a trace in this process. */
  start(name: string, start: TraceStart): Span
  /** Sends what is left, for at most a second, and stops. */
  stop(): Promise<void>
}

/** Reports about the delivery of traces, for the operator. */
export interface TracingLog {
  info(message: string): void
  warn(details: { readonly reason: string }, message: string): void
}

/** Starts OpenTelemetry's SDK, which reads its own variables. Nothing of it is loaded before this is called. */
export async function startTracing(log: TracingLog, serviceVersion: string): Promise<Tracing> {
  const { createOpenTelemetry } = await import('./open-telemetry.ts')
  return createOpenTelemetry(log, serviceVersion)
}
