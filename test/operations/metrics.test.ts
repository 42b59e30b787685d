import { afterAll, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { createMetrics } from '../../src/operations/metrics.ts'
import { startTestApp } from '../support/test-app.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const receiver = new WebhookReceiver(SECRET)
afterAll(() => receiver.stop())
const { api, clock, deps, logLines, mailbox, people } = await startTestApp({
  env: { SECURITY_EVENT_URLS: await receiver.start(), SECURITY_EVENT_SECRET: SECRET },
})

const gauge = async (name: string) => {
  const { text } = await api.get('/metrics')
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

test('how many mails wait, and since when, shows that a provider refuses them or that nobody works the queue', async () => {
  expect(await gauge('latchkey_mails_waiting')).toBe(0)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBe(0)

  await api.post('/v1/register', { email: people.newEmail(), password: 'Correct-Horse-7' })
  clock.advance(60)
  await api.post('/v1/register', { email: people.newEmail(), password: 'Correct-Horse-7' })

  expect(await gauge('latchkey_mails_waiting')).toBe(2)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBeGreaterThanOrEqual(60)

  await mailbox.drain()
  expect(await gauge('latchkey_mails_waiting')).toBe(0)
  expect(await gauge('latchkey_oldest_waiting_mail_seconds')).toBe(0)
})

test('security events that a receiver refuses are in the metrics, with the age of the oldest, until it takes them', async () => {
  const ada = await people.verified()
  receiver.failWith(503)
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })
  await mailbox.drain()
  clock.advance(120)

  expect(await gauge('latchkey_security_event_deliveries\\{state="pending"\\}')).toBeGreaterThanOrEqual(1)
  expect(await gauge('latchkey_oldest_pending_security_event_seconds')).toBeGreaterThanOrEqual(120)

  receiver.recover()
  await mailbox.drain()

  expect(await gauge('latchkey_security_event_deliveries\\{state="pending"\\}')).toBe(0)
  expect(await gauge('latchkey_oldest_pending_security_event_seconds')).toBe(0)
})

test('the backlog of a scrape is the one at the time of the scrape', async () => {
  const ages = [100, 200, 300]
  const metrics = createMetrics(deps, {
    readMailBacklog: async () => ({ waiting: 1, oldestSeconds: ages.shift() ?? 0 }),
    readMailOutcomes: async () => [],
    readSecurityEventBacklog: async () => null,
    readSigningKeyAge: async () => null,
  })

  const rendered = [
    await metrics.render(Promise.resolve(true)),
    await metrics.render(Promise.resolve(true)),
    await metrics.render(Promise.resolve(true)),
  ]

  expect(rendered.map((text) => /^latchkey_oldest_waiting_mail_seconds (\d+)$/m.exec(text)?.[1])).toEqual([
    '100',
    '200',
    '300',
  ])
})

test('a request counts under the code of its problem document, so that a limit, overload and an outage can be told apart', async () => {
  await api.post('/v1/login', { email: people.newEmail(), password: 'wrong-Horse-7' })

  const { text } = await api.get('/metrics')

  expect(text).toContain(
    'latchkey_http_requests_total{method="POST",route="/v1/login",status="401",code="invalid_credentials"} 1',
  )
  const line = logLines
    .map((each) => JSON.parse(each))
    .find(({ route, status }) => route === '/v1/login' && status === 401)
  expect(line).toMatchObject({ msg: 'request', status: 401, code: 'invalid_credentials' })
})

test('an OAuth client that is refused counts under the error of RFC 6749', async () => {
  await api.form('/oauth/token', { grant_type: 'client_credentials' })

  const { text } = await api.get('/metrics')

  expect(text).toContain(
    'latchkey_http_requests_total{method="POST",route="/oauth/token",status="401",code="invalid_client"} 1',
  )
})

test('the connections of the pool, the age of the signing key and whether the process is ready are in the metrics', async () => {
  const held = await deps.pool.connect()
  const before = await gauge('latchkey_signing_key_age_seconds')
  clock.advance(3_600)

  expect(await gauge('latchkey_database_pool\\{state="used"\\}')).toBeGreaterThanOrEqual(1)
  expect(await gauge('latchkey_database_pool\\{state="waiting"\\}')).toBe(0)
  expect(await gauge('latchkey_signing_key_age_seconds')).toBeGreaterThanOrEqual(before + 3_600)
  expect(await gauge('latchkey_ready')).toBe(1)
  held.release()
})
