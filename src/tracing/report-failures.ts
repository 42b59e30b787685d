import type { ExportResult } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { TracingLog } from './tracing.ts'

/** Logs when spans begin to be lost, and when they arrive again: the exporter tries every few seconds. */
export function reportFailures(exporter: SpanExporter, log: TracingLog): SpanExporter {
  let isFailing = false

  function report({ error }: ExportResult): void {
    const hasFailed = error !== undefined
    if (hasFailed === isFailing) return
    isFailing = hasFailed
    if (error)
      log.warn(
        { reason: error.message || error.name },
        'Traces cannot be sent to the collector; they are lost until it answers',
      )
    else log.info('Traces are sent to the collector again')
  }

  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        report(result)
        done(result)
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}
