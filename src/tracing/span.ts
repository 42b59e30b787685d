import { AsyncLocalStorage } from 'node:async_hooks'

/** No attribute holds an address, a token, an IP address or the id of a person: collectors keep what they receive. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>

export interface SpanOptions {
  /** `client` for a call to another system. */
  readonly kind?: 'client'
  readonly attributes?: SpanAttributes
}

/** One timed step of a trace. After its end it takes no more changes. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** False if the sampler has decided that nothing of this trace is sent. */
  readonly isRecorded: boolean
  /** The W3C Trace Context header that lets another process continue the trace. */
  readonly traceparent: string
  startChild(name: string, options: SpanOptions): Span
  set(attributes: SpanAttributes): void
  /** Marks the step as failed. The type is a code or the name of a class, never a message: messages may quote values. */
  fail(errorType: string): void
  end(): void
}

const current = new AsyncLocalStorage<Span | undefined>()

/** The span that the running code belongs to. Undefined if tracing is off, and outside requests and deliveries. */
export function currentSpan(): Span | undefined {
  return current.getStore()
}

/** Runs synchronous code, and all that it starts, with this span as the current one. */
export function withSpan<Result>(span: Span, work: () => Result): Result {
  return current.run(span, work)
}

/** Starts work that outlives the running request, such as a timer or a connection, so that it does not count as part of it. */
export function withoutSpan<Result>(work: () => Result): Result {
  if (current.getStore() === undefined) return work() // `run` makes Node 20 slower from its first call on
  return current.run(undefined, work)
}

/** Starts a child of the current span, which the caller must end. Undefined if nothing is recorded here. */
export function startChildSpan(name: string, options: SpanOptions = {}): Span | undefined {
  const parent = current.getStore()
  return parent?.isRecorded ? parent.startChild(name, options) : undefined
}

/** Does the work as a child of the current span. Without a recorded span it only does the work. */
export function inChildSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  const span = startChildSpan(name, options)
  return span ? inSpan(span, work) : work(undefined)
}

/** Does the work with this span as the current one, and ends the span. */
export async function inSpan<Result>(span: Span, work: (span: Span) => Promise<Result>): Promise<Result> {
  try {
    return await current.run(span, () => work(span))
  } catch (error) {
    span.fail(errorTypeOf(error))
    throw error
  } finally {
    span.end()
  }
}

/**
 * What an error may say of itself in a span: its code, such as ECONNREFUSED or an SQLSTATE, or the name of its class. Not
 * its message, which may quote an address or a token.
 */
export function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? error.code : null
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : error.constructor.name
}

/** The fields that lead from a log line to its trace; null if no trace is recorded. */
export function traceFields(): { readonly trace_id: string; readonly span_id: string } | null {
  const span = current.getStore()
  return span?.isRecorded ? { trace_id: span.traceId, span_id: span.spanId } : null
}
