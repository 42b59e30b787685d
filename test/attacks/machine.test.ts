import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from '@jest/globals'
import { SCOPES, type Scope } from '../../src/domain/scopes.ts'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, app, deps, logLines, mailbox, people, sendgrid, serviceToken } = await startTestApp()
const behind = await startTestApp({ env: { TRUST_PROXY: '10.0.0.0/8' } })
/** Stands wherever a body has text: it must turn up in no answer and no log line. */
const CANARY = 'Canary-Horse-7'
const NEW = 'Battery-Staple-8'

await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
afterAll(() => app.server.closeAllConnections())

/** A request may take ten seconds, so these begin before the other tests and are cut off while those run. */
const slowSenders = [
  ['headers', sendSlowly('POST /v1/login HTTP/1.1\r\nHost: a\r\nX-Slow: ')],
  [
    'a body',
    sendSlowly('POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'),
  ],
] as const

/** Sends a byte every half second, and answers what the service sent before it closed the connection. */
async function sendSlowly(beginning: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => undefined)
  socket.write(beginning)
  const dripping = setInterval(() => socket.write('a'), 500)
  await once(socket, 'close')
  clearInterval(dripping)
  return answer
}

interface Route {
  readonly method: string
  readonly path: string
  /** The names of the body's fields; undefined where the route takes none. */
  readonly fields: string[] | undefined
  readonly required: string[]
  /** The JSON types that each field takes. */
  readonly types: Record<string, string[]>
  readonly takesForm: boolean
}

interface Operation {
  requestBody?: { content: Record<string, { schema: { $ref?: string } & Schema }> }
}
interface Schema {
  properties?: Record<string, { type?: string | string[] }>
  required?: string[]
}

async function routesOfTheApp(): Promise<Route[]> {
  const document = (await app.describe()).document as unknown as {
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, Schema> }
  }
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { requestBody }]) => {
      const given = requestBody?.content['application/json']?.schema
      const schema = given?.$ref ? document.components.schemas[given.$ref.split('/').at(-1) ?? ''] : given
      const fields = schema && Object.keys(schema.properties ?? {})
      return {
        method: method.toUpperCase(),
        path: path.replace('{email}', 'nobody@example.com').replace(/\{\w+\}/, '01a20000-0000-7000-8000-000000000000'),
        fields,
        required: schema?.required ?? [],
        types: Object.fromEntries(
          Object.entries(schema?.properties ?? {}).map(([name, { type = [] }]) => [name, [type].flat()]),
        ),
        takesForm: requestBody?.content['application/x-www-form-urlencoded'] !== undefined,
      }
    }),
  )
}

const routes = await routesOfTheApp()
// The webhook knows its caller by a signature over whatever is sent: attacks/webhooks.test.ts.
const withBody = routes.filter(
  (route): route is Route & { fields: string[] } => route.fields !== undefined && !route.path.includes('/webhooks/'),
)
const withForm = routes.filter(({ takesForm }) => takesForm)
const withNeither = routes.filter((route) => !withForm.includes(route) && !withBody.some((other) => other === route))

type Bad = readonly [what: string, body: string | Buffer, status?: number | undefined, headers?: Record<string, string>]

const NOT_JSON: Bad[] = [
  ['an open brace', '{'],
  ['half an object', `{"email":"${CANARY}`],
  ['words', CANARY],
  ['two values', `{"email":"${CANARY}"}{"a":1}`],
  ['a comma too many', `{"email":"${CANARY}",}`],
  ['a comment', `{/* ${CANARY} */}`],
  ['single quotes', `{'email':'${CANARY}'}`],
  ['NaN', '{"email":NaN}'],
  ['a byte order mark', `\uFEFF{"email":"${CANARY}"}`],
  ['a raw line end in a string', `{"email":"${CANARY}\n"}`],
  ['the byte FF', Buffer.concat([Buffer.from(`{"email":"${CANARY}`), Buffer.from([0xff]), Buffer.from('"}')])],
  [
    'an overlong NUL',
    Buffer.concat([Buffer.from(`{"email":"${CANARY}`), Buffer.from([0xc0, 0x80]), Buffer.from('"}')]),
  ],
  [
    'half a character',
    Buffer.concat([Buffer.from(`{"email":"${CANARY}`), Buffer.from([0xe2, 0x82]), Buffer.from('"}')]),
  ],
  ['UTF-16', Buffer.from(`{"email":"${CANARY}"}`, 'utf16le')],
  ['a gzipped body', gzipSync(`{"email":"${CANARY}"}`), undefined, { 'content-encoding': 'gzip' }],
]

const NOT_AN_OBJECT: Bad[] = [
  ...['null', '[]', '""', `"${CANARY}"`, '1', '1e999', '-0', 'true', `[{"email":"${CANARY}"}]`].map(
    (text): Bad => [text, text],
  ),
]

const TOO_DEEP: Bad[] = [
  ['8,000 lists', `${'['.repeat(8000)}${']'.repeat(8000)}`],
  ['8,000 lists that never end', '['.repeat(8000)],
  ['2,500 objects', `${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}`],
  ['10,000 lists', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 413],
  ['10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 413],
  ['20 kB', JSON.stringify({ email: CANARY.repeat(1500) }), 413],
  ['20 kB of space', `{${' '.repeat(20_000)}}`, 413],
]

const NAMES: Bad[] = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', '__pr\\u006fto__'].map((name) => [
  name,
  `{"${name}":{"isAdmin":true,"email":"${CANARY}"}}`,
])

const WRONG_TYPES: Bad[] = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']
  .concat(['application/xml', 'application/jsonp', 'text/json', 'application/vnd.api+json', 'application', 'x', ','])
  .map((type) => [`content type ${type}`, JSON.stringify({ email: CANARY }), 415, { 'content-type': type }])

function valid(route: Route): Record<string, unknown> {
  return Object.fromEntries(route.required.map((field) => [field, CANARY]))
}

/** What is wrong with one field, or one too many, while the others are right. */
function wrongFields(route: Route & { fields: string[] }): Bad[] {
  const whole = valid(route)
  const json = (what: string, body: object): Bad => [what, JSON.stringify(body)]
  const raw = JSON.stringify(whole).slice(1, -1)
  const others = raw === '' ? '' : `,${raw}`
  const typed = [0, 1.5, true, null, [CANARY], [], {}, { gt: '' }, { $ne: CANARY }]
  const grown = ['role', 'isAdmin', 'emailVerified', 'id', 'accountId', 'status', 'toString', '']
  return [
    ...route.required.map((field) => json(`no ${field}`, { ...whole, [field]: undefined })),
    ...route.fields.flatMap((field) =>
      typed
        .filter((value) => !route.types[field]?.includes(value === null ? 'null' : typeof value))
        .map((value) => json(`${field}: ${JSON.stringify(value)}`, { ...whole, [field]: value })),
    ),
    ...grown
      .filter((name) => !route.fields.includes(name))
      .map((name) => json(`an extra ${name || 'field without a name'}`, { ...whole, [name]: CANARY })),
    ...route.fields.flatMap((field): Bad[] => {
      const rest = JSON.stringify({ ...whole, [field]: undefined }).slice(1, -1)
      const tail = rest === '' ? '' : `,${rest}`
      const escaped = `\\u00${field.charCodeAt(0).toString(16)}${field.slice(1)}`
      return [
        [`${field} twice`, `{"${field}":"${CANARY}","${field}":"${CANARY}"${tail}}`],
        [`${field} twice, once escaped`, `{"${field}":"${CANARY}","${escaped}":"${CANARY}"${tail}}`],
        [`${field} twice, last and first`, `{"${escaped}":"${CANARY}"${tail},"${field}" :"${CANARY}"}`],
        [`NUL in ${field}`, `{"${field}":"${CANARY}\\u0000"${tail}}`],
        [`a raw NUL in ${field}`, `{"${field}":"${CANARY}\u0000"${tail}}`],
        [`half a surrogate in ${field}`, `{"${field}":"${CANARY}\\ud83d"${tail}}`],
        [`the other half in ${field}`, `{"${field}":"\\udd11${CANARY}"${tail}}`],
      ]
    }),
    ['NUL in a name', `{"a\\u0000":"${CANARY}"${others}}`],
    ['half a surrogate in a name', `{"\\ud800":"${CANARY}"${others}}`],
  ]
}

function expectRefused(answer: Answer, status: number | undefined): void {
  if (status === 413) expect(answer).toRefuse('payload_too_large')
  else if (status === 415) expect(answer).toRefuse('unsupported_media_type')
  else expect(answer).toRefuse('invalid_request')
  expect(answer.text).not.toContain('Canary')
  expect(answer.text).not.toMatch(/\bat .*:\d+:\d+|node_modules|SyntaxError|Unexpected token/)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['x-request-id']).toBe(answer.body.instance)
}

const eve = await people.verified()
const desk = await serviceToken(...(Object.keys(SCOPES) as Scope[]))

function tokenFor(path: string): string {
  return path.startsWith('/v1/admin/') ? desk : eve.token
}

test('M1: there are routes to try', () => {
  expect(routes.length).toBeGreaterThan(20)
  expect(withBody.length).toBeGreaterThan(10)
})

test.each(withBody.map((route) => [`${route.method} ${route.path}`, route] as const))(
  'M1: %s refuses whatever is not the body it takes, and quotes none of it',
  async (_, route) => {
    const bad = [...NOT_JSON, ...NOT_AN_OBJECT, ...TOO_DEEP, ...NAMES, ...WRONG_TYPES, ...wrongFields(route)]

    for (const [what, body, status, headers] of bad) {
      const answer = await api.call(route.method, route.path, body, {
        token: tokenFor(route.path),
        ...(headers ? { headers } : {}),
      })
      try {
        expectRefused(answer, status)
      } catch (error) {
        throw new Error(`${what}: ${answer.status} ${answer.text}\n${String(error)}`)
      }
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect(logLines.filter((line) => line.includes('Canary'))).toEqual([])
  },
)

test.each(withNeither.map((route) => [`${route.method} ${route.path}`, route] as const))(
  'M1: %s, which takes no body, is not upset by one, nor by odd paths and queries',
  async (_, { method, path }) => {
    const bodies = [...NOT_JSON, ...NOT_AN_OBJECT, ...TOO_DEEP, ...NAMES, ...WRONG_TYPES]
    for (const [what, body, , headers] of bodies) {
      const options = { token: tokenFor(path), ...(headers ? { headers } : {}) }
      const mallory = await api.call(method, path, body, options)
      expect({ what, isServed: mallory.status < 500 }).toEqual({ what, isServed: true })
    }
    for (const query of [
      '?',
      '?a',
      '?a=1&a=2',
      '?__proto__[x]=1',
      '?a=%00',
      '?a=%ff',
      `?a=${'x'.repeat(8000)}`,
      '?a=%',
    ]) {
      expect((await api.call(method, `${path}${query}`, undefined)).status).toBeLessThan(500)
    }
  },
)

test.each(withForm.map((route) => [`${route.method} ${route.path}`, route] as const))(
  'M1: %s refuses whatever is not the form it takes',
  async (_, { method, path }) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const basic = { authorization: `Basic ${Buffer.from('%:%ff').toString('base64')}` }
    const bad = [
      'a=1&a=2',
      'grant_type=x&grant%5ftype=x',
      '%',
      'a=%',
      'a=%ff',
      'a=%00',
      '%00=a',
      'é=é',
      '\u0000',
      '=',
      '==&&=',
    ]
    bad.push(
      '__proto__=1',
      '__proto__[a]=1',
      'constructor=1',
      'a[]=1&a[]=2',
      `token=${'x'.repeat(16_000)}`,
      `${'a=1&'.repeat(4000)}`,
    )

    for (const [index, body] of bad.entries()) {
      for (const headers of [form, { ...form, ...basic }, { ...form, authorization: 'Basic x' }]) {
        const { status, headers: answered } = await api.call(method, path, body, { headers })
        expect({ index, isRefused: status >= 400 && status < 500 }).toEqual({ index, isRefused: true })
        expect(answered['content-type']).toMatch(/json/)
      }
    }
    for (const [what, body, , headers] of [...NOT_JSON, ...TOO_DEEP, ...WRONG_TYPES]) {
      const answer = await api.call(method, path, body, headers ? { headers } : {})
      expect({ what, isRefused: answer.status >= 400 && answer.status < 500 }).toEqual({ what, isRefused: true })
    }
  },
)

test('M1: no path and no method makes the service fail', async () => {
  const paths = [
    '/',
    '//',
    '/v1',
    '/v1/',
    '/v1/me/',
    '/V1/ME',
    '/v1//me',
    '/v1/me;x',
    '/%',
    '/%00',
    '/%ff',
    '/%2e%2e/',
    '/*',
  ]
  paths.push(
    '/v1/sessions/',
    `/v1/sessions/${'x'.repeat(5000)}`,
    '/v1/sessions/%',
    '/v1/sessions/%ff',
    '/v1/sessions/..',
  )
  paths.push(
    '/docs/%00',
    '/docs/../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/static/%2e%2e%2fpackage.json',
  )
  paths.push('/docs/static/..%5cpackage.json', '/docs/static/%00', '/docs/static/%', '/openapi.yaml/', '/metrics/..')

  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      const answer = await api.call(method, path, undefined, { token: eve.token })
      expect({ path, method, isServed: answer.status < 500 }).toEqual({ path, method, isServed: true })
      expect(answer.text).not.toContain('"dependencies"')
      if (answer.status >= 400 && method !== 'HEAD') {
        expect({ path, method, type: answer.headers['content-type'] }).toEqual({
          path,
          method,
          type: 'application/problem+json; charset=utf-8',
        })
      }
    }
  }
})

test('M1: what is not a request gets a problem document too, and the service lives', async () => {
  const host = 'Host: accounts.acme.example\r\n'
  const requests = [
    ['NONSENSE', 400],
    [`GET /v1/me HTTP/1.1\r\n\r\n`, 400],
    [`GET /v1/me HTTP/1.1\r\n${host}${host}\r\n`, 400],
    [`GET /v1/me HTTP/1.1\r\n${host}HOST: evil.example\r\n\r\n`, 400],
    ...['a@b', 'a b', 'a/b', 'a?b', '[::1', '[1.2.3.4]', 'a:b', 'a:80:80', 'a%zz', 'http://a', 'a\\b', 'ä'].map(
      (name) => [`GET /v1/me HTTP/1.1\r\nHost: ${name}\r\n\r\n`, 400] as const,
    ),
    [`GET /v1/me HTTP/1.1\r\n${host}X: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    [`POST /v1/login HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`POST /v1/login HTTP/1.1\r\n${host}Content-Length: 5, 6\r\n\r\nhello`, 400],
    [`POST /v1/login HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
    [`POST /v1/login HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`, 400],
    [
      `POST /v1/login HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n`,
      400,
    ],
    [`GET /v1/me HTTP/9.9\r\n${host}\r\n`, 400],
    [`GET /v1/\u0000me HTTP/1.1\r\n${host}\r\n`, 400],
  ] as const

  for (const [request, status] of requests) {
    const answer = await overSocket(request)
    expect({ request: request.slice(0, 80), head: answer.split('\r\n')[0] }).toEqual({
      request: request.slice(0, 80),
      head: expect.stringContaining(` ${status} `),
    })
    expect(answer).toMatch(/content-type: application\/problem\+json/i)
    const { instance } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
    expect(answer).toMatch(new RegExp(`x-request-id: ${instance}`, 'i'))
  }
  expect(await api.get('/health/live')).toHaveStatus(200)
})

async function overSocket(request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.end(request, 'latin1')
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

test.each([
  'accounts.acme.example',
  'a:443',
  'a:',
  '127.0.0.1:3000',
  '[::1]:3000',
  '[v1.x:y]',
  'x_y.example',
  'caf%C3%A9',
  '',
])('M1: a Host of %j is accepted', async (name) => {
  expect(await overSocket(`GET /health/live HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
})

test('M1: an expectation that nobody meets is told so in a problem document', async () => {
  const answer = await overSocket('GET /v1/me HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n')

  expect(answer).toMatch(/^HTTP\/1\.1 417 /)
  expect(answer).toMatch(/cache-control: no-store/i)
  const problem = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
  expect(problem).toMatchObject({ status: 417, code: 'expectation_failed' })
  expect(answer).toMatch(new RegExp(`x-request-id: ${problem.instance}`, 'i'))
})

test.each(slowSenders)('M1: whoever sends %s a byte at a time is cut off', async (_what, cutOff) => {
  const answer = await cutOff

  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 408, code: 'request_timeout' })
})

test('M1: a body that announces more than it may be is refused before it is sent', async () => {
  const answer = await overSocket(
    'POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n',
  )

  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
})

test('M1: a body in pieces is measured as it comes', async () => {
  const piece = `1000\r\n${'x'.repeat(4096)}\r\n`
  const answer = await overSocket(
    `POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${piece.repeat(6)}0\r\n\r\n`,
  )

  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
})

test('M1: the request id is ours, whatever the caller calls it', async () => {
  const answer = await api.get('/health/live', { headers: { 'x-request-id': CANARY, 'request-id': CANARY } })

  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(logLines.filter((line) => line.includes('Canary'))).toEqual([])
})

test('M2: a forged X-Forwarded-For changes neither whom the limits count nor what is recorded', async () => {
  const ada = await people.verified()
  const statuses = []
  for (let guess = 0; guess < 8; guess += 1) {
    const ip = `192.0.2.${guess}`
    const headers = { 'x-forwarded-for': ip, forwarded: `for=${ip}`, 'x-real-ip': ip, 'cf-connecting-ip': ip }
    const wrong = { email: ada.email, password: 'Wrong-Horse-7' }
    statuses.push((await api.post('/v1/login', wrong, { headers, ip: '198.51.100.66' })).status)
  }

  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  const events = await deps.db.event.findMany({ where: { type: 'login', outcome: 'failure', ip: '198.51.100.66' } })
  expect(events).toHaveLength(5)
  expect(await deps.db.event.count({ where: { ip: { startsWith: '192.0.2.' } } })).toBe(0)
})

test('M2: every address of one IPv6 /64 is one network, and an IPv4 address is one however it is written', async () => {
  const ada = await people.verified()
  const guess = async (ip: string) =>
    (await api.post('/v1/login', { email: ada.email, password: 'Wrong-Horse-7' }, { ip })).status

  const six = []
  for (let host = 1; host <= 8; host += 1) six.push(await guess(`2001:db8:0:1::${host.toString(16)}`))
  const four = []
  const spellings = ['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209', '0:0:0:0:0:FFFF:C000:0209']
  for (let turn = 0; turn < 8; turn += 1) four.push(await guess(spellings[turn % 4] ?? ''))

  expect(six).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  expect(four).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  expect(await guess('2001:db8:0:2::1')).toBe(401)
})

test('M2: behind a trusted proxy the last address it did not vouch for counts', async () => {
  const email = behind.people.newEmail()
  const guess = async (forwarded: string, ip = '10.0.0.1') => {
    const headers = { 'x-forwarded-for': forwarded }
    return (await behind.api.post('/v1/login', { email, password: 'Wrong-Horse-7' }, { headers, ip })).status
  }

  const forged = []
  for (let turn = 0; turn < 7; turn += 1) forged.push(await guess(`192.0.2.${turn}, 203.0.113.5, 10.0.0.2`))

  expect(forged).toEqual([401, 401, 401, 401, 401, 429, 429])
  expect(await guess('203.0.113.6')).toBe(401)
  for (const odd of ['', ',', 'unknown', '::', `' OR 1=1`, 'x'.repeat(5000), '203.0.113.5:80', '[2001:db8::1]:80']) {
    expect(await guess(odd)).toBeLessThan(500)
  }
})

test('M9: a notice the provider does not take leaves the change as it is, and goes out later', async () => {
  const ada = await people.verified()
  sendgrid.failWith({ status: 500 })

  const changed = await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW })
  await mailbox.drain()
  const held = await deps.db.mail.findFirstOrThrow({ where: { email: ada.email, request: 'password_changed' } })
  sendgrid.recover()

  expect(changed).toHaveStatus(200)
  expect(held.state).not.toBe('sent')
  expect(held.attempts).toBeGreaterThan(0)
  expect(held.reason).toBeTruthy()
  expect(await api.post('/v1/login', { email: ada.email, password: NEW })).toHaveStatus(200)
  expect(await mailbox.kinds(ada.email)).toEqual(['verify_email', 'password_changed'])
})

test('M9: a notice that cannot be rendered is written down, and goes out once it can be', async () => {
  const ada = await people.verified()
  const changed = await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW })
  const where = { email: ada.email, request: 'password_changed' }
  const { context, id } = await deps.db.mail.findFirstOrThrow({ where })
  await deps.db.mail.update({ where: { id }, data: { context: { at: 'no time at all' } } })

  await mailbox.drain()
  const held = await deps.db.mail.findUniqueOrThrow({ where: { id } })
  await deps.db.mail.update({ where: { id }, data: { context: context as object } })

  expect(changed).toHaveStatus(200)
  expect({ isRecorded: Boolean(held.reason), attempts: held.attempts }).toEqual({ isRecorded: true, attempts: 1 })
  expect(await mailbox.kinds(ada.email)).toEqual(['verify_email', 'password_changed'])
})

test('M9: of an email change, a confirm link that is refused for good is written down, and the change stands', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  sendgrid.failWith(TOO_LARGE, 1, newEmail)

  await ada.changeEmail(newEmail)
  await mailbox.drain()

  expect(await statesOf(ada.email, newEmail)).toEqual({
    email_change_requested: 'sent',
    confirm_email: 'failed',
  })
  expect((await ada.get('/v1/email/change')).body.pendingEmail).toBe(newEmail)
})

test('M9: of an email change, a notice that is refused for good is tried again, and the change stands', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  sendgrid.failWith(TOO_LARGE, 1, ada.email)

  await ada.changeEmail(newEmail)
  await mailbox.drain()
  const refused = await statesOf(ada.email, newEmail)
  await mailbox.drain()

  expect(refused).toEqual({ email_change_requested: 'queued', confirm_email: 'sent' })
  expect(await statesOf(ada.email, newEmail)).toMatchObject({ email_change_requested: 'sent' })
  expect((await ada.get('/v1/email/change')).body.pendingEmail).toBe(newEmail)
})

const TOO_LARGE = { status: 413, body: { errors: [{ message: 'too large' }] } }

/** The state of each mail of an email change, by its kind. */
async function statesOf(...addresses: string[]): Promise<Record<string, string>> {
  const mails = await deps.db.mail.findMany({
    where: { email: { in: addresses }, request: { in: ['confirm_email', 'email_change_requested'] } },
  })
  return Object.fromEntries(mails.map(({ kind, state }) => [kind, state]))
}

test('M2: a port that a proxy writes behind an address makes no other client of it', async () => {
  const guess = (from: string) =>
    behind.api.post(
      '/v1/login',
      { email: 'ported@example.com', password: 'Wrong-Horse-7' },
      { ip: '10.0.0.1', headers: { 'x-forwarded-for': from } },
    )
  const outcomes = async (froms: string[]) => {
    const statuses = []
    for (const from of froms) statuses.push((await guess(from)).status)
    return statuses
  }

  const ports = [1, 2, 3, 4, 5, 6, 7]
  expect(await outcomes(ports.map((last) => `203.0.113.9:100${last}`))).toEqual([...Array(5).fill(401), 429, 429])
  expect(await outcomes(ports.map((last) => `[2001:db8::7]:100${last}`))).toEqual([...Array(5).fill(401), 429, 429])
  expect(await outcomes(['2001:db8::7', '203.0.113.9'])).toEqual([429, 429])
})

test('M2: what a proxy writes that is no address counts as the proxy itself', async () => {
  const { status, body } = await behind.api.post(
    '/v1/password/forgot',
    { email: 'nobody.there@example.com' },
    { ip: '10.0.0.1', headers: { 'x-forwarded-for': 'unknown' } },
  )
  expect(status).toBe(202)
  const { context } = await behind.deps.db.mail.findFirstOrThrow({ where: { receipt: body.receipt } })
  expect(context).toMatchObject({ ip: '10.0.0.1' })
})
