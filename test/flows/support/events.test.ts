import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, people, serviceToken, logLines } = testApp
const desk = await openSupportDesk(testApp)

test('the audit trail says who did what, when and from where, the newest event first', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const device = { ip: '2001:db8::7', headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' } }
  await api.post('/v1/login', { email: ada.email, password: 'Wrong-Guess-1' }, device)

  const { body } = await desk.get(`/users/${id}/events`)

  expect(body.events[0]).toEqual({
    id: expect.any(String),
    at: expect.stringMatching(/Z$/),
    type: 'login',
    outcome: 'failure',
    actor: { type: 'anonymous', id: null },
    ip: '2001:db8::7',
    ipFamily: 'IPv6',
    sessionId: null,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    requestId: expect.any(String),
    details: { reason: 'wrong_password', addressHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
  expect(body.events[1]).toMatchObject({ type: 'login', outcome: 'success', actor: { type: 'account', id } })
})

test('the pages of the audit trail contain each event once', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  for (let times = 0; times < 7; times += 1) await ada.logIn()
  const all = (await desk.get(`/users/${id}/events?limit=100`)).body.events

  const seen: unknown[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await desk.get(`/users/${id}/events?limit=3${cursor && `&cursor=${cursor}`}`)
    seen.push(...body.events)
    cursor = body.nextCursor
  }

  expect(seen).toEqual(all)
  expect(all.length).toBeGreaterThan(8)
})

test('the audit trail of an account records what Support did to it, with the service client and the request', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  await desk.delete(`/users/${id}/sessions`)
  await desk.post(`/users/${id}/password-reset`)
  await desk.patch(`/users/${id}`, { disabled: true })
  await desk.patch(`/users/${id}`, { disabled: false })

  const { body } = await desk.get(`/users/${id}/events?limit=4`)
  expect(body.events.map(({ type }: { type: string }) => type)).toEqual([
    'account.enabled',
    'account.disabled',
    'password.reset_requested',
    'session.ended',
  ])
  for (const event of body.events) {
    expect(event).toMatchObject({
      actor: { type: 'service_client', id: expect.stringMatching(/^svc_/) },
      outcome: 'success',
      ip: '198.51.100.7',
      requestId: expect.any(String),
    })
  }
})

test('a refused request of a service client is in the audit trail of the account and in the log', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const reader = await serviceToken('users:read')

  const refused = await api.delete(`/v1/admin/users/${id}`, { token: reader })

  expect(refused).toRefuse('insufficient_scope')
  const { body } = await desk.get(`/users/${id}/events?limit=1`)
  expect(body.events[0]).toMatchObject({
    type: 'service_client.denied',
    outcome: 'failure',
    actor: { type: 'service_client' },
    details: { method: 'DELETE', route: '/v1/admin/users/:id', scope: 'users:delete' },
  })
  const line = logLines.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === body.events[0].requestId)
  expect(line).toMatchObject({ status: 403, route: '/v1/admin/users/:id', clientId: body.events[0].actor.id })
})

test('the audit trail of an id that no account ever had is not found', async () => {
  expect(await desk.get('/users/0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55/events')).toRefuse('not_found')
})

test('the audit trail of an account can be limited to a period and to one type', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await ada.logIn()
  const events = (await desk.get(`/users/${id}/events`)).body.events
  const [newest, second] = events

  const since = await desk.get(`/users/${id}/events?from=${newest.at}`)
  const until = await desk.get(`/users/${id}/events?to=${newest.at}&limit=1`)
  const created = await desk.get(`/users/${id}/events?type=account.created`)
  const nothing = await desk.get(`/users/${id}/events?type=account.created&from=${newest.at}`)

  expect(since.body.events).toEqual([newest])
  expect(until.body.events).toEqual([second])
  expect(created.body.events).toEqual(events.filter(({ type }: { type: string }) => type === 'account.created'))
  expect(nothing.body).toEqual({ events: [], nextCursor: null })
})

test.each(['from=2026-02-30T00:00:00Z', 'to=yesterday', 'type=%00', 'type=', 'since=2026-01-01T00:00:00Z'])(
  'the audit trail of an account refuses the filter %s',
  async (query) => {
    const ada = await people.verified()

    expect(await desk.get(`/users/${await desk.idOf(ada.email)}/events?${query}`)).toRefuse('invalid_request')
  },
)
