import { createServer, type IncomingHttpHeaders } from 'node:http'
import { listenLocally } from './local-server.ts'

export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  /** The `service.name` of the process that sent it. */
  readonly service: string
  /** Of the request that it arrived with. */
  readonly headers: IncomingHttpHeaders
}

export interface TraceCollector {
  readonly url: string
  readonly spans: CollectedSpan[]
  /** How many requests it has left without an answer. */
  readonly unanswered: number
  /** From now on it accepts requests and does not answer. */
  hang(): void
  close(): Promise<void>
}

/** Receives traces as an OpenTelemetry Collector does: OTLP over HTTP, in Protocol Buffers. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = []
  let isHanging = false
  let unanswered = 0

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (isHanging) {
      unanswered += 1
      return
    }
    const isForUs = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf'
    if (isForUs) spans.push(...readSpans(Buffer.concat(chunks), request.headers))
    response.writeHead(isForUs ? 200 : 404).end()
  })
  const { url, close } = await listenLocally(server)

  return {
    url,
    spans,
    get unanswered() {
      return unanswered
    },
    hang() {
      isHanging = true
    },
    close,
  }
}

/** Reads an ExportTraceServiceRequest. The numbers are those of the fields in opentelemetry/proto/trace/v1/trace.proto. */
function readSpans(request: Buffer, headers: IncomingHttpHeaders): CollectedSpan[] {
  return fieldsOf(request, 1).flatMap((resourceSpans) => {
    const attributes = fieldsOf(fieldsOf(resourceSpans, 1)[0], 1)
    const named = attributes.find((attribute) => String(fieldsOf(attribute, 1)[0]) === 'service.name')
    const service = String(fieldsOf(fieldsOf(named, 2)[0], 1)[0])
    return fieldsOf(resourceSpans, 2)
      .flatMap((scopeSpans) => fieldsOf(scopeSpans, 2))
      .map((span) => ({
        name: String(fieldsOf(span, 5)[0]),
        traceId: fieldsOf(span, 1)[0]?.toString('hex') ?? '',
        service,
        headers,
      }))
  })
}

/** The values of a field of a message that are messages, texts or bytes. */
function fieldsOf(message: Buffer | undefined, wanted: number): Buffer[] {
  const values: Buffer[] = []
  const rest = { bytes: message ?? Buffer.alloc(0), at: 0 }
  while (rest.at < rest.bytes.length) {
    const tag = readNumber(rest)
    const [number, type] = [tag >>> 3, tag & 7]
    if (type === 0) readNumber(rest)
    else if (type === 1) rest.at += 8
    else if (type === 5) rest.at += 4
    else {
      const length = readNumber(rest)
      if (number === wanted) values.push(rest.bytes.subarray(rest.at, rest.at + length))
      rest.at += length
    }
  }
  return values
}

function readNumber(rest: { readonly bytes: Buffer; at: number }): number {
  let value = 0
  for (let place = 1; ; place *= 128) {
    const byte = rest.bytes[rest.at] ?? 0
    rest.at += 1
    value += (byte & 127) * place
    if (byte < 128) return value
  }
}
