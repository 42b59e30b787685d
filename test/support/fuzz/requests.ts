import fc, { type Arbitrary } from 'fast-check'
import type { Operation } from './description.ts'
import { anyJson, anyText, jsonFor, oneLive, textFor } from './field-values.ts'
import { type LiveName, live } from './live-values.ts'

/** A request as data. Live values in it, such as a token, are placeholders until it is sent. */
export interface FuzzedRequest {
  readonly operation: Operation
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly ip: string
}

function fieldsOf(names: readonly string[], route: string): Arbitrary<Record<string, unknown>> {
  const known = fc.record(Object.fromEntries(names.map((name) => [name, jsonFor(name, route)])))
  const some = fc.record(Object.fromEntries(names.map((name) => [name, jsonFor(name, route)])), { requiredKeys: [] })
  const more = fc.tuple(some, fc.dictionary(anyText, anyJson, { maxKeys: 2 })).map(([one, two]) => ({ ...one, ...two }))
  return fc.oneof({ arbitrary: known, weight: 6 }, { arbitrary: some, weight: 2 }, { arbitrary: more, weight: 1 })
}

/** An event of SendGrid's webhook, sometimes with a field that differs from the documentation. */
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
    '{"email":"a@example.com","email":"b@example.com"}',
    '{"__proto__":{"a":1}}',
    '{"a":1',
    '\ufeff{}',
    '{}x',
    "{'a':1}",
    '['.repeat(5_000),
    `{"email":"${'x'.repeat(20_000)}"}`,
    '{"email":"\\ud800"}',
    '{"email":"\\u0000"}',
    'NaN',
    '01',
  ),
)

function bodyOf({ route, path, body }: Operation): Arbitrary<string | undefined> {
  if (!body) return fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, brokenBodies)
  const isForm = body.contentType.endsWith('urlencoded')
  const proper = path.startsWith('/v1/webhooks/')
    ? webhookEvents.map((events) => JSON.stringify(events))
    : isForm
      ? formOf(body.fields)
      : fieldsOf(body.fields, route).map((fields) => JSON.stringify(fields))
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

/** Percent-encodes everything except the placeholders. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%7B%7B', '{{').replaceAll('%7D%7D', '}}')
}

/** These are removed or interpreted in a URL, so a path with one of them belongs to another route. */
function isSegment(text: string): boolean {
  return text !== '.' && text !== '..'
}

function pathOf({ route, path, parameters }: Operation): Arbitrary<string> {
  const filled = fc.tuple(
    ...path.split('/').map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      return name === undefined ? fc.constant(part) : textFor(name, route).filter(isSegment).map(encode)
    }),
  )
  const names = [...parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name), 'extra']
  const pair = fc.constantFrom(...names).chain((name) => textFor(name).map((text) => `${name}=${encode(text)}`))
  const query = fc.array(pair, { maxLength: 3 })
  return fc
    .tuple(filled, query)
    .map(([parts, pairs]) => parts.join('/') + (pairs.length > 0 ? `?${pairs.join('&')}` : ''))
}

/** The characters that Node allows in a header. */
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

/** Requests for one operation. Most are sensible enough to pass the first check, and most have something odd in them. */
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
