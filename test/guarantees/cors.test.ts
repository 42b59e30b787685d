import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const ORIGIN = 'https://app.acme.example'
const { api } = await startTestApp({ env: { CORS_ORIGINS: ORIGIN, RATE_LIMIT_FACTOR: '0.0001' } })

test('a page of a configured origin may read every answer, a refusal and a limit too', async () => {
  const ip = '203.0.113.1'

  const refused = await api.get('/v1/me', { ip, headers: { origin: ORIGIN } })
  const limited = await api.get('/v1/me', { ip, headers: { origin: ORIGIN } })

  expect(refused).toRefuse('unauthenticated')
  expect(refused.headers['access-control-allow-origin']).toBe(ORIGIN)
  expect(limited).toRefuse('too_many_attempts')
  expect(limited.headers['access-control-allow-origin']).toBe(ORIGIN)
  expect(limited.headers['access-control-expose-headers']).toContain('Retry-After')
})

test('a page of another origin, or of none, may not', async () => {
  for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, 'null']) {
    const answer = await api.get('/v1/password/policy', { headers: { origin } })

    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  }
})

test('a preflight allows the methods the API has, and no cookies', async () => {
  const answer = await api.call('OPTIONS', '/v1/sessions', undefined, {
    headers: { origin: ORIGIN, 'access-control-request-method': 'DELETE' },
  })

  expect(answer).toHaveStatus(204)
  expect(answer.headers['access-control-allow-methods']).toContain('DELETE')
  expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
})
