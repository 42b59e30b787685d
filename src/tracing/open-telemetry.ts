import { setTimeout as wait } from 'node:timers/promises'
import {
  type Context,
  DiagLogLevel,
  diag,
  type Link,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { reportFailures } from './report-failures.ts'
import { type Span, withoutSpan } from './span.ts'
import type { Tracing, TracingLog } from './tracing.ts'

/** How long a stop may take. The process must end in time, also if the collector does not answer. */
const LONGEST_FLUSH_MS = 1_000
const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT }

/**
 * Creates traces with OpenTelemetry's SDK. The SDK reads `OTEL_*` variables by itself. Spans wait in a queue of limited
 * length and are sent in the background, so that a collector that is slow or down costs only its own spans. Nothing is
 * registered globally, except where the SDK's own complaints go.
 */
export function createOpenTelemetry(
  log: TracingLog,
  serviceVersion: string,
  exporter: SpanExporter = new OTLPTraceExporter(),
): Tracing {
  const complain = (reason: string) => log.warn({ reason }, 'OpenTelemetry reports a problem')
  const ignore = () => undefined
  diag.setLogger(
    { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler(ignore) // failed exports, which reportFailures logs once and not each time
  const provider = new BasicTracerProvider({
    // The detectors of the host and of the process are left out: they would add the command line and the name of the user.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'latchkey', 'service.version': serviceVersion }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(reportFailures(exporter, log))],
  })
  const tracer = provider.getTracer('latchkey', serviceVersion)
  return {
    start(name, { kind, attributes, parent, link }) {
      const options = { kind: KINDS[kind], attributes, links: linksTo(link) }
      return new RecordedSpan(tracer, tracer.startSpan(name, options, contextOf(parent)))
    },
    async stop() {
      const flushed = provider.shutdown().catch(ignore)
      await Promise.race([flushed, wait(LONGEST_FLUSH_MS, undefined, { ref: false })])
    },
  }
}

class RecordedSpan implements Span {
  readonly traceId: string
  readonly spanId: string
  readonly isRecorded: boolean
  readonly traceparent: string
  readonly #tracer: Tracer
  readonly #span: OtelSpan

  constructor(tracer: Tracer, span: OtelSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext()
    this.traceId = traceId
    this.spanId = spanId
    this.isRecorded = span.isRecording()
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
    this.#tracer = tracer
    this.#span = span
  }

  startChild(name: string, { kind, attributes = {} }: Parameters<Span['startChild']>[1]): Span {
    const options = { kind: kind ? KINDS[kind] : SpanKind.INTERNAL, attributes }
    return new RecordedSpan(
      this.#tracer,
      this.#tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, this.#span)),
    )
  }

  set(attributes: Parameters<Span['set']>[0]): void {
    if (this.#span.isRecording()) this.#span.setAttributes(attributes)
  }

  fail(errorType: string): void {
    this.set({ 'error.type': errorType })
    if (this.#span.isRecording()) this.#span.setStatus({ code: SpanStatusCode.ERROR })
  }

  end(): void {
    if (this.#span.isRecording()) withoutSpan(() => this.#span.end()) // which may start the timer of the next batch
  }
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceParent(traceparent ?? '')
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT
}

function linksTo(traceparent: string | undefined): Link[] {
  const context = parseTraceParent(traceparent ?? '')
  return context ? [{ context }] : []
}
