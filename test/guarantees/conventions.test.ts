import { describe, expect, test } from '@jest/globals'
import pg from 'pg'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, people } = await startTestApp()
const broken = await startTestApp()

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const LOGIN = { email: 'ada@example.com', password: 'Correct-Horse-7' }

describe('a body', () => {
  test('of 16 KiB is read, and one byte more is not', async () => {
    const frame = JSON.stringify({ email: '', password: 'x' }).length
    const ofSize = (size: number) => JSON.stringify({ email: 'a'.repeat(size - frame), password: 'x' })

    expect(await api.post('/v1/login', ofSize(16_384))).toRefuse('invalid_credentials')
    expect(await api.post('/v1/login', ofSize(16_385))).toRefuse('payload_too_large')
  })

  test('with a field the route does not know is refused, and the field named', async () => {
    const answer = await api.post('/v1/login', { ...LOGIN, remember: true })

    expect(answer).toRefuse('invalid_request')
    expect(answer.body.violations).toEqual([{ field: 'remember', rule: 'unknown', message: expect.any(String) }])
  })

  test.each([{ a: 1 }, [1], 'text', null])('is refused by a route that takes none: %j', async (body) => {
    const ada = await people.verified()

    const field = JSON.stringify(body) === '{"a":1}' ? 'a' : 'body'

    const answer = await api.call('DELETE', '/v1/sessions', JSON.stringify(body), {
      token: ada.token,
      headers: { 'content-type': 'application/json' },
    })

    expect(answer).toRefuse('invalid_request')
    expect(answer.body.violations).toMatchObject([{ field, rule: 'unknown' }])
    expect(await ada.delete('/v1/sessions')).toHaveStatus(200)
    expect(await api.call('DELETE', '/v1/sessions', {}, { token: ada.token })).toHaveStatus(200)
  })

  test('without its fields is refused, and every one of them named', async () => {
    const answer = await api.post('/v1/login', {})

    expect(answer).toRefuse('invalid_request')
    expect(answer.body.violations).toMatchObject([
      { field: 'email', rule: 'required' },
      { field: 'password', rule: 'required' },
    ])
  })

  test.each([
    ['a list', ['ada@example.com']],
    ['a number', 42],
    ['nothing', null],
    ['an object', { address: 'ada@example.com' }],
  ])('with %s where one string belongs is refused', async (_what, email) => {
    for (const route of ['/v1/password/forgot', '/v1/email/verify/resend']) {
      const answer = await api.post(route, { email })

      expect(answer).toRefuse('invalid_request')
      expect(answer.body.violations).toMatchObject([{ field: 'email', rule: 'type' }])
    }
  })

  test.each([
    ['a key twice', '{"email":"ada@example.com","email":"eve@example.com","password":"x"}'],
    ['a key twice, spelt differently', '{"email":"ada@example.com","\\u0065mail":"eve@example.com","password":"x"}'],
    ['bytes that are not UTF-8', Buffer.from('{"email":"a\xff@example.com","password":"x"}', 'latin1')],
    ['no JSON in it', '{"email":'],
    ['nothing in it', ''],
    ['a list in it', '[]'],
  ])('with %s is refused, without being quoted', async (_what, body) => {
    const answer = await api.post('/v1/login', body)

    expect(answer).toRefuse('invalid_request')
    expect(answer.text).not.toContain('example.com')
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json'])(
    'of the type %s is refused',
    async (type) => {
      const answer = await api.post('/v1/login', JSON.stringify(LOGIN), { headers: { 'content-type': type } })

      expect(answer).toRefuse('unsupported_media_type')
    },
  )
})

describe('a path', () => {
  test('that is not there is a problem like any other', async () => {
    expect(await api.get('/v1/nothing')).toRefuse('not_found')
  })

  test('that does not take the method says which it takes', async () => {
    const answer = await api.patch('/v1/sessions', {})

    expect(answer).toRefuse('method_not_allowed')
    expect(String(answer.headers['allow']).split(', ')).toEqual(expect.arrayContaining(['DELETE', 'GET']))
  })
})

test('ids are UUIDv7, and times RFC 3339 in UTC', async () => {
  const ada = await people.verified()
  const account = (await ada.get('/v1/me')).body
  const [session] = (await ada.get('/v1/sessions')).body.sessions

  for (const id of [account.id, session.id, ada.tokens.sessionId]) expect(id).toMatch(UUID_V7)
  for (const at of [account.createdAt, account.passwordChangedAt, session.createdAt, session.lastSeenAt]) {
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
  }
})

test('what is wrong inside is answered with a 500 that shows nothing of it but the request id', async () => {
  const database = new pg.Client({ connectionString: broken.databaseUrl })
  await database.connect()
  await database.query('ALTER TABLE registrations RENAME COLUMN email TO secret_column')
  await database.end()

  const answer = await broken.api.post('/v1/register', LOGIN)

  expect(answer).toRefuse('internal_error')
  expect(Object.keys(answer.body).sort()).toEqual(['code', 'detail', 'instance', 'status', 'support', 'title', 'type'])
  expect(answer.text).not.toMatch(/prisma|column|registrations|at .*\.ts/i)
  const failure = broken.logLines.find((line) => line.includes('"request failed"'))
  expect(failure).toContain(answer.body.instance)
  expect(failure).not.toContain(LOGIN.email)
})
