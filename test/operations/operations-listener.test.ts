import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { readConfig } from '../../src/config/config.ts'
import { type Role, serve } from '../../src/serve.ts'
import { freePort } from '../support/free-port.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
afterAll(async () => {
  await sendgrid.close()
  await database.drop()
})

/** Starts the service as `latchkey serve --role` does, and asks both listeners for each path. */
async function askBoth(role: Role, paths: string[]) {
  const [port, operationsPort] = [await freePort(), await freePort()]
  const settings = serviceSettings(database.url, sendgrid)
  const config = readConfig({
    ...settings,
    PORT: String(port),
    OPERATIONS_PORT: String(operationsPort),
    LOG_LEVEL: 'silent',
  })
  const service = await serve(config, role, new AbortController().signal)
  const ask = (at: number, path: string) =>
    fetch(`http://127.0.0.1:${at}${path}`).then(
      async (answer) => ({ status: answer.status, headers: answer.headers, text: await answer.text() }),
      () => ({ status: 0, headers: new Headers(), text: '' }),
    )
  const main = []
  const operations = []
  for (const path of paths) {
    main.push(await ask(port, path))
    operations.push(await ask(operationsPort, path))
  }
  await service.stop(0)
  return {
    main: main.map(({ status }) => status),
    operations: operations.map(({ status }) => status),
    headers: operations.map(({ headers }) => headers),
    text: operations.map(({ text }) => text).join(''),
  }
}

const PATHS = ['/health/live', '/health/ready', '/metrics', '/v1/password/policy']

test('the operations listener has health and metrics only, and the main listener has no metrics', async () => {
  const { main, operations } = await askBoth('all', PATHS)

  expect(operations).toEqual([200, 200, 200, 404])
  expect(main).toEqual([200, 200, 404, 200])
})

test('the operations listener has the request ids and the fixed headers of the main listener', async () => {
  const { headers } = await askBoth('api', ['/health/live', '/metrics'])

  for (const answer of headers) {
    expect(answer.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.get('cache-control')).toBe('no-store')
    expect(answer.get('x-content-type-options')).toBe('nosniff')
    expect(answer.get('content-security-policy')).toContain("default-src 'none'")
  }
})

test('a worker listens on the operations listener only', async () => {
  const { main, operations } = await askBoth('worker', PATHS)

  expect(operations).toEqual([200, 200, 200, 404])
  expect(main).toEqual([0, 0, 0, 0])
})

test('the version is the same in package.json, the metrics and openapi.yaml', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

  const { text } = await askBoth('api', ['/metrics'])

  expect(text).toContain(`latchkey_build_info{version="${version}"} 1`)
  expect(parse(readFileSync('openapi.yaml', 'utf8')).info.version).toBe(version)
})
