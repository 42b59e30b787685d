import type { SettingReader } from './setting-reader.ts'

const PROTOCOL = 'http/protobuf'

/**
 * Reads whether traces are sent. OpenTelemetry's SDK reads its variables by itself. These are checked here, because the SDK
 * would send to localhost if the endpoint cannot be used, and would not notice that gRPC is expected.
 */
export function readTracing(read: SettingReader): boolean {
  const endpoint = read.url('OTEL_EXPORTER_OTLP_ENDPOINT', '')
  const protocol = read.text('OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOL)
  const isDisabled = read.text('OTEL_SDK_DISABLED', 'false').trim().toLowerCase() === 'true'
  const isOn = endpoint !== '' && !isDisabled
  read.refuseIf(
    isOn && protocol !== PROTOCOL,
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    `the value must be ${PROTOCOL} (got ${JSON.stringify(protocol)}).`,
  )
  return isOn
}
