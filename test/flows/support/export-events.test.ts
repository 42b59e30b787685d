import { expect, test } from '@jest/globals'
import { v7 as uuidv7 } from 'uuid'
import { purgeAuditTrail } from '../../../src/worker/purge-audit-trail.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'
import '../../support/matchers.ts'

const service = await startTestApp()
const { api, app, deps, people } = service
const desk = await openSupportDesk(service)

function linesIn(text: string) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Puts so many events into the trail, all of one millisecond: the hardest case for whoever reads in batches. */
async function fill(count: number, at: Date): Promise<void> {
  const event = { at, type: 'login', outcome: 'success', actorType: 'anonymous' }
  await deps.db.event.createMany({ data: Array.from({ length: count }, () => ({ id: uuidv7(), ...event })) })
}

test('an export has one complete event per line, with the id of its account', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  const exported = await desk.get('/events/export')

  expect(exported).toHaveStatus(200)
  expect(exported.headers['content-type']).toBe('application/x-ndjson')
  expect(exported.headers['cache-control']).toBe('no-store')
  const [created] = linesIn(exported.text).filter(({ type, accountId }) => type === 'login' && accountId === id)
  expect(created).toEqual({
    id: expect.any(String),
    at: expect.stringMatching(/Z$/),
    type: 'login',
    outcome: 'success',
    accountId: id,
    actor: { type: 'account', id },
    ip: '198.51.100.7',
    ipFamily: 'IPv4',
    userAgent: expect.any(String),
    sessionId: ada.tokens.sessionId,
    requestId: expect.any(String),
    details: {},
  })
})

test('the exports of consecutive periods contain each event once', async () => {
  const times = ['2020-01-01T00:00:00.000Z', '2020-01-01T12:00:00.000Z', '2020-01-02T00:00:00.000Z']
  for (const time of times.toReversed()) await fill(1, new Date(time)) // the oldest first, however they came

  const first = await desk.get('/events/export?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z')
  const second = await desk.get('/events/export?from=2020-01-02T01:00:00%2B01:00&to=2020-01-03T00:00:00Z')

  expect(linesIn(first.text).map(({ at }) => at)).toEqual(times.slice(0, 2))
  expect(linesIn(second.text).map(({ at }) => at)).toEqual(times.slice(2))
})

test('an export contains each event once and in order, even if a batch ends within one millisecond', async () => {
  await fill(2_500, new Date('2021-01-01T00:00:00.000Z'))

  const { text } = await desk.get('/events/export?from=2021-01-01T00:00:00Z&to=2021-01-02T00:00:00Z')

  const ids: string[] = linesIn(text).map(({ id }) => id)
  expect(new Set(ids).size).toBe(2_500)
  expect(ids).toEqual(ids.toSorted())
})

test('the export is read while it is sent: events purged meanwhile are not in it', async () => {
  await fill(5_000, new Date('2022-01-01T00:00:00.000Z'))
  const response = await app.inject({
    url: '/v1/admin/events/export?from=2022-01-01T00:00:00Z&to=2022-01-02T00:00:00Z',
    headers: { authorization: `Bearer ${desk.token}` },
    payloadAsStream: true,
  })

  let text = ''
  for await (const chunk of response.stream()) {
    if (text === '') await purgeAuditTrail(deps)
    text += chunk
  }

  expect(linesIn(text).length).toBeGreaterThan(0)
  expect(linesIn(text).length).toBeLessThan(5_000)
})

test.each(['?from=yesterday', '?to=2020-01-01', '?from=2020-02-31T25:00:00Z', '?since=2020-01-01T00:00:00Z'])(
  'an export of the period %s is refused',
  async (query) => {
    expect(await desk.get(`/events/export${query}`)).toRefuse('invalid_request')
  },
)

test('a HEAD request for an export gets no body', async () => {
  const answer = await api.call('HEAD', '/v1/admin/events/export', undefined, { token: desk.token })

  expect(answer.text).toBe('')
})

test('an export from the year 0, which PostgreSQL does not have, begins with the first event', async () => {
  const whole = await desk.get('/events/export?to=2021-01-01T00:00:00Z')
  const sinceEver = await desk.get('/events/export?from=0000-01-01T00:00:00Z&to=2021-01-01T00:00:00Z')

  expect(sinceEver).toHaveStatus(200)
  expect(sinceEver.text).toBe(whole.text)
  expect((await desk.get('/events/export?to=0000-01-01T00:00:00%2B14:00')).text).toBe('')
})
