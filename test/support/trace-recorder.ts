import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import { createOpenTelemetry } from '../../src/tracing/open-telemetry.ts'
import type { Tracing, TracingLog } from '../../src/tracing/tracing.ts'

/** Takes the place of the exporter: OpenTelemetry's SDK gives it the spans that it would send to a collector. */
export class TraceRecorder implements SpanExporter {
  /** Spans that have ended and were exported. */
  readonly spans: ReadableSpan[] = []
  #tracing: Tracing | undefined

  start(log: TracingLog): Tracing {
    this.#tracing = createOpenTelemetry(log, '0.0.0', this)
    return this.#tracing
  }

  /** Ends tracing, so that all spans are here. */
  async finish(): Promise<ReadableSpan[]> {
    await this.#tracing?.stop()
    return this.spans
  }

  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    this.spans.push(...spans)
    done({ code: 0 })
  }

  async shutdown(): Promise<void> {}
}

/** All that a collector would receive of a span, as text. */
export function textOf({ name, attributes, events, links, status, resource }: ReadableSpan): string {
  return JSON.stringify({ name, attributes, events, links, status, resource: resource.attributes })
}
