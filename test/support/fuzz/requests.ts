import fc, { type Arbitrary } from 'fast-check'
import type { Operation } from './description.ts'
import { type LiveName, live } from './live-values.ts'

/** A request as data: what is live in it, such as a token, stands as a placeholder until it is sent. */
export interface FuzzedRequest {
  readonly operation: Operation
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly ip: string
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string(),
  fc.emailAddress(),
  fc.uuid(),
  fc.constantFrom(
    ...['', ' ', '\u0000', 'a\u0000b', '\ud800', '../../etc/passwd', "' OR 1=1 --", '__proto__', 'constructor', '%00'],
    ...['-1', '1e400', '9'.repeat(40), 'null', '\u202e', 'ａｄａ@example.com', 'ada@EXAMPLE.com.', 'true', '0x10'],
    ...['a'.repeat(3_000), `${'a'.repeat(65)}@example.com`, 'Aa1!'.repeat(32), `Aa1!${'é'.repeat(40)}`, '2026-02-30'],
  ),
)
const anyJson = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, true, 0, -0, -1, 1e308, 2 ** 53, [], {}, ['{{email}}'], { $ne: null }, [[[]]]),
)

/** What a field of this name holds in a request that makes sense. */
const sensible: Readonly<Record<string, Arbitrary<unknown>>> = {
  email: oneLive('email', 'email', 'otherEmail', 'lockedEmail', 'freshEmail'),
  everHeld: oneLive('email', 'lockedEmail'),
  emailPrefix: fc.constantFrom('person', 'p', '%', '_', '\\'),
  newEmail: oneLive('freshEmail', 'freshEmail', 'otherEmail', 'lockedEmail', 'email'),
  password: oneLive('password', 'password', 'newPassword'),
  currentPassword: oneLive('password', 'password', 'password', 'newPassword'),
  newPassword: fc.oneof(oneLive('newPassword', 'password'), fc.constantFrom('short', 'no-digits-Here', 'Password1!')),
  token: oneLive(
    'verifyToken',
    'resetToken',
    'confirmToken',
    'revertToken',
    'accessToken',
    'refreshToken',
    'serviceToken',
  ),
  refreshToken: oneLive('refreshToken', 'refreshToken', 'deadRefreshToken'),
  reauthToken: oneLive('reauthToken'),
  grant_type: fc.constantFrom('client_credentials', 'client_credentials', 'password', 'refresh_token'),
  scope: fc.constantFrom('users:read', 'users:read users:write', 'tokens:introspect', '', ' ', 'nonsense'),
  client_id: oneLive('clientId'),
  client_secret: oneLive('clientSecret'),
  token_type_hint: fc.constantFrom('access_token', 'refresh_token', 'nonsense'),
  passwordHash: fc.constantFrom(
    '$2b$04$eImiTXuWVxfM37uY4JANjO5eUQYzv3d9T0tW7s2yX6u1m6z7p7mJq',
    '$2y$31$eImiTXuWVxfM37uY4JANjO5eUQYzv3d9T0tW7s2yX6u1m6z7p7mJq',
    '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA',
  ),
  emailVerified: fc.boolean(),
  disabled: fc.boolean(),
  createdAt: fc.constantFrom('2020-01-01T00:00:00Z', '9999-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '2020-01-01'),
  reason: fc.constantFrom('asked by phone', 'x'.repeat(501), ''),
  limit: fc.constantFrom('1', '100', '0', '101', '1.5', '-1'),
  cursor: fc.oneof(oneLive('cursor'), anyText),
  from: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01', '+275760-09-13T00:00:00.000Z', '0000-01-01T00:00:00Z'),
  to: fc.constantFrom('2027-01-01T00:00:00Z', 'tomorrow', '2016-12-31T23:59:60Z'),
  accountId: oneLive('accountId', 'otherId'),
  state: fc.constantFrom('pending', 'delivered', 'failed', 'lost'),
  receipt: oneLive('receipt'),
  id: oneLive('accountId', 'sessionId', 'securityEventId', 'otherId'),
}

function oneLive(...names: LiveName[]): Arbitrary<string> {
  return fc.constantFrom(...names.map(live))
}

function jsonFor(field: string): Arbitrary<unknown> {
  return fc.oneof({ arbitrary: sensible[field] ?? anyJson, weight: 7 }, { arbitrary: anyJson, weight: 1 })
}

function textFor(field: string): Arbitrary<string> {
  return fc.oneof(
    { arbitrary: (sensible[field] ?? anyText) as Arbitrary<string>, weight: 5 },
    { arbitrary: anyText, weight: 1 },
  )
}

function fieldsOf(names: readonly string[]): Arbitrary<Record<string, unknown>> {
  const known = fc.record(Object.fromEntries(names.map((name) => [name, jsonFor(name)])))
  const some = fc.record(Object.fromEntries(names.map((name) => [name, jsonFor(name)])), { requiredKeys: [] })
  const more = fc.tuple(some, fc.dictionary(anyText, anyJson, { maxKeys: 2 })).map(([one, two]) => ({ ...one, ...two }))
  return fc.oneof({ arbitrary: known, weight: 6 }, { arbitrary: some, weight: 2 }, { arbitrary: more, weight: 1 })
}

/** An event as SendGrid's webhook tells it, now and then with a field that is not as documented. */
const webhookEvents = fc.array(
  fc.record(
    {
      email: jsonFor('email'),
      event: fc.oneof(fc.constantFrom('delivered', 'bounce', 'dropped', 'deferred', 'open', 'spamreport'), anyJson),
      timestamp: fc.oneof(fc.constantFrom(1_790_000_000, 0, -1, 1e15, 1.5), anyJson),
      sg_event_id: fc.oneof(fc.uuid(), anyJson),
      sg_message_id: fc.oneof(fc.uuid(), anyJson),
      latchkeyMailId: fc.oneof(oneLive('mailId'), fc.uuid(), anyJson),
      reason: anyJson,
      type: fc.oneof(fc.constantFrom('bounce', 'blocked'), anyJson),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 4 },
)

const brokenBodies = fc.oneof(
  anyText,
  anyJson.map((value) => JSON.stringify(value)),
  fc.constantFrom(
    ...[
      '{"email":"a@example.com","email":"b@example.com"}',
      '{"__proto__":{"a":1}}',
      '{"a":1',
      '\ufeff{}',
      '{}x',
      "{'a':1}",
    ],
    ...[
      '['.repeat(5_000),
      `{"email":"${'x'.repeat(20_000)}"}`,
      '{"email":"\\ud800"}',
      '{"email":"\\u0000"}',
      'NaN',
      '01',
    ],
  ),
)

function bodyOf({ path, body }: Operation): Arbitrary<string | undefined> {
  if (!body) return fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, brokenBodies)
  const isForm = body.contentType.endsWith('urlencoded')
  const proper = path.startsWith('/v1/webhooks/')
    ? webhookEvents.map((events) => JSON.stringify(events))
    : isForm
      ? formOf(body.fields)
      : fieldsOf(body.fields).map((fields) => JSON.stringify(fields))
  return fc.oneof(
    { arbitrary: proper, weight: 9 },
    { arbitrary: brokenBodies, weight: 1 },
    fc.constantFrom(undefined, ''),
  )
}

function formOf(names: readonly string[]): Arbitrary<string> {
  const one = fc.constantFrom(...names, 'extra').chain((name) => textFor(name).map((text) => [name, String(text)]))
  const proper = fc.record(Object.fromEntries(names.map((name) => [name, textFor(name)])), { requiredKeys: [] })
  return fc
    .oneof(
      proper.map((fields) => Object.entries(fields)),
      fc.array(one, { maxLength: 6 }),
    )
    .map((pairs) => pairs.map(([name, text]) => `${encode(String(name))}=${encode(String(text))}`).join('&'))
}

/** Percent-encoded but for the placeholders. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%7B%7B', '{{').replaceAll('%7D%7D', '}}')
}

/** A URL loses these on the way: with one of them it is another route's. */
function isSegment(text: string): boolean {
  return text !== '.' && text !== '..'
}

function pathOf({ path, parameters }: Operation): Arbitrary<string> {
  const filled = fc.tuple(
    ...path.split('/').map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      return name === undefined ? fc.constant(part) : textFor(name).filter(isSegment).map(encode)
    }),
  )
  const names = [...parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name), 'extra']
  const pair = fc.constantFrom(...names).chain((name) => textFor(name).map((text) => `${name}=${encode(text)}`))
  const query = fc.array(pair, { maxLength: 3 })
  return fc
    .tuple(filled, query)
    .map(([parts, pairs]) => parts.join('/') + (pairs.length > 0 ? `?${pairs.join('&')}` : ''))
}

/** What Node lets through in a header. */
const headerText = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
})

function authorizationOf({ path, route }: Operation): Arbitrary<string | undefined> {
  const fitting = path.startsWith('/v1/admin/')
    ? bearer('serviceToken')
    : route.includes('/oauth/')
      ? live('basic')
      : bearer('accessToken')
  return fc.oneof(
    { arbitrary: fc.constant(fitting), weight: 12 },
    {
      arbitrary: fc.constantFrom(
        undefined,
        bearer('serviceToken'),
        bearer('weakServiceToken'),
        bearer('deadToken'),
        bearer('accessToken'),
      ),
      weight: 2,
    },
    headerText,
    headerText.map((text) => `Bearer ${text}`),
    headerText.map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
  )
}

function bearer(name: LiveName): string {
  return `Bearer ${live(name)}`
}

const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-language',
    'accept-encoding',
    'origin',
    'user-agent',
    'x-forwarded-for',
    'x-request-id',
    'if-none-match',
    'range',
    'cookie',
    'x-http-method-override',
    'prefer',
    'content-encoding',
    'forwarded',
  ),
  headerText,
  { maxKeys: 2 },
)

function contentTypeOf({ body }: Operation): Arbitrary<string | undefined> {
  const fitting = body?.contentType ?? 'application/json'
  return fc.oneof(
    { arbitrary: fc.constant(fitting), weight: 20 },
    fc.constantFrom(
      undefined,
      `${fitting}; charset=utf-8`,
      `${fitting};charset=utf-16`,
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/json',
      '',
    ),
    headerText,
  )
}

const ips = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('198.51.100.7'))

/** Requests for one operation: mostly sensible ones, so that they get past the first check, with something odd in most. */
export function requestsFor(operation: Operation): Arbitrary<FuzzedRequest> {
  const method = fc.oneof(
    { arbitrary: fc.constant(operation.method), weight: 40 },
    fc.constantFrom('PUT', 'HEAD', 'OPTIONS', 'TRACE'),
  )
  const parts = fc.tuple(
    method,
    pathOf(operation),
    bodyOf(operation),
    authorizationOf(operation),
    contentTypeOf(operation),
    oddHeaders,
    ips,
  )
  return parts.map(([method, path, body, authorization, contentType, odd, ip]) => ({
    operation,
    method,
    path,
    body,
    ip,
    headers: {
      ...odd,
      ...(authorization === undefined ? {} : { authorization }),
      ...(contentType === undefined || body === undefined ? {} : { 'content-type': contentType }),
    },
  }))
}
