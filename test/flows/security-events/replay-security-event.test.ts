import { afterAll, expect, test } from '@jest/globals'
import { startTestApp } from '../../support/test-app.ts'
import { WebhookReceiver } from '../../support/webhook-receiver.ts'
import '../../support/matchers.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const PATH = '/v1/admin/security-events'

const siem = new WebhookReceiver(SECRET)
const shop = new WebhookReceiver(SECRET)
const env = { SECURITY_EVENT_URLS: await siem.start(), SECURITY_EVENT_SECRET: SECRET }
const service = await startTestApp({ env })
/** The same service after its operator has put another URL in the place of the first. */
const reconfigured = await startTestApp({
  env: { ...env, SECURITY_EVENT_URLS: await shop.start() },
  databaseUrl: service.databaseUrl,
})
const { api, people, mailbox } = service
const reader = await service.serviceToken('events:read')
const replayer = await service.serviceToken('events:replay')

afterAll(async () => {
  await siem.stop()
  await shop.stop()
})

/** An account whose password was changed so many times. */
async function changed(times = 1): Promise<string> {
  const person = await people.verified()
  for (let time = 1; time <= times; time += 1) {
    const newPassword = `Another-Horse-${time}`
    const answer = await person.post('/v1/password/change', { currentPassword: person.password, newPassword })
    Object.assign(person, { password: newPassword, tokens: answer.body })
  }
  return (await person.get('/v1/me')).body.id
}

function list(query: string) {
  return api.get(`${PATH}${query}`, { token: reader })
}

function toldOf(accountId: string, receiver = siem) {
  return receiver.events.filter(({ data }) => data['accountId'] === accountId)
}

test('the list shows each event with the state of its deliveries, the newest first, page by page', async () => {
  const accountId = await changed(3)
  await mailbox.drain()

  const first = await list(`?accountId=${accountId}&limit=2`)
  const second = await list(`?accountId=${accountId}&limit=2&cursor=${first.body.nextCursor}`)

  const shown = [...first.body.events, ...second.body.events]
  expect([first.body.events.length, second.body.nextCursor]).toEqual([2, null])
  expect(shown.map(({ id }) => id)).toEqual(
    toldOf(accountId)
      .map(({ id }) => id)
      .reverse(),
  )
  expect(shown[0]).toEqual({
    id: expect.any(String),
    type: 'password.changed',
    at: expect.any(String),
    accountId,
    deliveries: [
      {
        url: siem.url,
        state: 'delivered',
        attempts: 1,
        reason: null,
        attemptedAt: expect.any(String),
        deliveredAt: expect.any(String),
      },
    ],
  })
})

test('the list can be filtered by state', async () => {
  siem.failWith(500)
  const accountId = await changed()
  await mailbox.drain()
  siem.recover()

  const pending = await list(`?accountId=${accountId}&state=pending`)
  const delivered = await list(`?accountId=${accountId}&state=delivered`)

  expect(pending.body.events[0].deliveries).toMatchObject([{ reason: 'The receiver answered 500' }])
  expect(delivered.body.events).toEqual([])
  await mailbox.drain()
})

test('a replayed event keeps its id, and the audit trail names the author of the replay', async () => {
  const accountId = await changed()
  await mailbox.drain()
  const [event] = toldOf(accountId)

  const answer = await api.post(`${PATH}/${event?.id}/replay`, undefined, { token: replayer })
  await mailbox.drain()

  expect(answer).toHaveStatus(202)
  expect(toldOf(accountId)).toEqual([event, event])
  const where = { type: 'security_event.replayed', accountId }
  const recorded = await service.deps.db.event.findFirstOrThrow({ where })
  expect(recorded).toMatchObject({ actorType: 'service_client', details: { eventId: event?.id } })
})

test('a replay also reaches a URL that was configured after the event', async () => {
  const accountId = await changed()
  await mailbox.drain()
  const [event] = toldOf(accountId)

  await reconfigured.api.post(`${PATH}/${event?.id}/replay`, undefined, { token: replayer })
  await reconfigured.mailbox.drain()

  expect(toldOf(accountId, shop)).toEqual([event])
  expect(toldOf(accountId, siem)).toEqual([event])
})

test('a delivery to a URL that is no longer configured fails and is not sent', async () => {
  siem.failWith(500)
  const accountId = await changed(2)
  await mailbox.drain()
  siem.recover()
  const before = siem.bodies.length

  await reconfigured.mailbox.drain()

  const { events } = (await list(`?accountId=${accountId}&state=failed`)).body
  expect(events).toHaveLength(2)
  expect(events[0].deliveries[0].reason).toBe('The URL is no longer configured')
  expect(siem.bodies).toHaveLength(before)
})

test('an unknown event cannot be replayed', async () => {
  const unknown = `${PATH}/0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55/replay`

  expect(await api.post(unknown, undefined, { token: replayer })).toRefuse('not_found')
  expect(await api.post(`${PATH}/x/replay`, undefined, { token: replayer })).toRefuse('not_found')
})

test('the list needs events:read, a replay needs events:replay, and neither scope allows the other', async () => {
  const accountId = await changed()
  await mailbox.drain()
  const path = `${PATH}/${toldOf(accountId)[0]?.id}/replay`

  expect(await api.get(PATH)).toRefuse('unauthenticated')
  expect(await api.post(path)).toRefuse('unauthenticated')
  expect(await api.get(PATH, { token: replayer })).toRefuse('insufficient_scope')
  expect(await api.post(path, undefined, { token: reader })).toRefuse('insufficient_scope')
  expect(await api.get(PATH, { token: (await people.verified()).token })).toRefuse('unauthenticated')
})

test.each(['?limit=0', '?limit=101', '?limit=x', '?cursor=x', '?state=lost', '?accountId=7', '?unknown=1'])(
  'the query %s is refused',
  async (query) => {
    expect(await list(query)).toRefuse('invalid_request')
  },
)

test('an id of the wrong form names no event, and is refused in the query', async () => {
  const id = 'urn:uuid:0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'

  expect(await list(`?accountId=${id}`)).toRefuse('invalid_request')
  expect(await api.post(`${PATH}/${id}/replay`, undefined, { token: replayer })).toRefuse('not_found')
})
