import { expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const withoutProxy = await startTestApp()
const behindOneProxy = await startTestApp({ env: { TRUST_PROXY: '10.0.0.1' } })

function warnings({ logLines }: TestApp): unknown[] {
  return logLines.filter((line) => line.includes('TRUST_PROXY')).map((line) => JSON.parse(line))
}

async function ask({ api }: TestApp, ip: string, forwardedFor?: string): Promise<void> {
  await api.get('/v1/password/policy', forwardedFor ? { ip, headers: { 'x-forwarded-for': forwardedFor } } : { ip })
}

test('a private client that sends X-Forwarded-For and is not in TRUST_PROXY is warned of once', async () => {
  await ask(withoutProxy, '198.51.100.7', '203.0.113.5') // a client with a public address can write what it likes
  await ask(withoutProxy, '127.0.0.1')
  const before = warnings(withoutProxy)

  await ask(withoutProxy, '::ffff:10.0.0.1', '203.0.113.5')
  await ask(withoutProxy, '127.0.0.1', '203.0.113.6')

  expect(before).toEqual([])
  expect(warnings(withoutProxy)).toMatchObject([{ level: 'warn', ip: '10.0.0.1' }])
})

test('a second proxy that TRUST_PROXY does not name is warned of, and the named one is not', async () => {
  await ask(behindOneProxy, '10.0.0.1', '203.0.113.5')
  await ask(behindOneProxy, '10.0.0.1', '10.7.7.7') // a client in the own network
  const before = warnings(behindOneProxy)

  await ask(behindOneProxy, '10.0.0.1', '203.0.113.5, 10.0.0.2')

  expect(before).toEqual([])
  expect(warnings(behindOneProxy)).toMatchObject([{ level: 'warn', ip: '10.0.0.2' }])
})
