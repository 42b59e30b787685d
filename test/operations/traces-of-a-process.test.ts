import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { type ServiceProcess, serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { startTraceCollector } from '../support/trace-collector.ts'
import { until } from '../support/until.ts'

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
const collector = await startTraceCollector()
const folder = await mkdtemp(join(tmpdir(), 'latchkey-traces-'))
const preload = join(folder, 'list-modules.cjs')
await writeFile(preload, "process.on('exit', () => console.error(Object.keys(require('module')._cache).join('\\n')))")
const settings = { ...serviceSettings(database.url, sendgrid), NODE_OPTIONS: `--require ${preload}` }
const untraced = await serviceProcess({ ...settings, OTEL_SERVICE_NAME: 'sign-in' })
const traced = await serviceProcess({
  ...settings,
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=acme',
  OTEL_SERVICE_NAME: 'sign-in',
  OTEL_BSP_SCHEDULE_DELAY: '50',
})

afterAll(async () => {
  await untraced.kill()
  await traced.kill()
  await collector.close()
  await sendgrid.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

function register(service: ServiceProcess, email: string): Promise<Response> {
  return fetch(`${service.url}/v1/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'Correct-Horse-7' }),
  })
}

/** The packages that the process had loaded when it ended. */
function modulesOf({ log }: ServiceProcess): string[] {
  const loaded = log.join('').matchAll(/\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g)
  return [...new Set([...loaded].map(([, name]) => String(name)))]
}

const received = (email: string) => sendgrid.mails.some(({ to }) => to === email)

test('with a collector, traces arrive there; when it no longer answers, requests, mails and the stop go on', async () => {
  await traced.start()

  await register(traced, 'ada@example.com')
  await until(() => collector.spans.some(({ name }) => name === 'deliver mail'))
  await until(() => collector.spans.some(({ name }) => name === 'POST /v1/register'))
  const request = collector.spans.find(({ name }) => name === 'POST /v1/register')
  const delivery = collector.spans.find(({ name }) => name === 'deliver mail')
  expect(request).toMatchObject({ service: 'sign-in', headers: { 'x-tenant': 'acme' } })
  expect(delivery?.traceId).toBe(request?.traceId)

  collector.hang()
  expect((await register(traced, 'bea@example.com')).status).toBe(202)
  await until(() => collector.unanswered > 0)
  expect((await register(traced, 'cem@example.com')).status).toBe(202)
  await until(() => received('bea@example.com') && received('cem@example.com'))
  const { code } = await traced.terminate()

  expect(code).toBe(0)
  expect(traced.log.join('')).not.toContain('unfinished')
  expect(modulesOf(traced)).toContain('@opentelemetry/sdk-trace')
}, 60_000)

test('without an endpoint, the process does not load OpenTelemetry’s SDK', async () => {
  await untraced.start()

  await register(untraced, 'dan@example.com')
  await until(() => received('dan@example.com'))
  await untraced.terminate()

  const modules = modulesOf(untraced)
  expect(modules).toContain('prom-client') // which loads the interface of OpenTelemetry by itself
  expect(modules.filter((name) => name.startsWith('@opentelemetry/'))).toEqual(['@opentelemetry/api'])
}, 60_000)
