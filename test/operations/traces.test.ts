import { afterAll, expect, test } from '@jest/globals'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { reportFailures } from '../../src/tracing/report-failures.ts'
import { inSpan } from '../../src/tracing/span.ts'
import type { Answer } from '../support/api.ts'
import { occupyLane } from '../support/occupied-lane.ts'
import { startTestApp } from '../support/test-app.ts'
import { TraceRecorder, textOf } from '../support/trace-recorder.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const PROXY = '10.0.0.1'
const CALLERS_TRACE = '0af7651916cd43dd8448eb211c80319c'
const SAMPLED = `00-${CALLERS_TRACE}-b7ad6b7169203331-01`
const NOT_SAMPLED = '00-11111111111111111111111111111111-b7ad6b7169203331-00'

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const receiver = new WebhookReceiver(SECRET)
const traces = new TraceRecorder()
const { api, deps, logLines, mailbox, people, sendgrid } = await startTestApp({
  env: { TRUST_PROXY: PROXY, SECURITY_EVENT_URLS: await receiver.start(), SECURITY_EVENT_SECRET: SECRET },
  traces,
})
afterAll(() => receiver.stop())

/** All spans are complete only when tracing ends, so the requests of all tests are sent first. */
const answers = await sendRequests()
const spans = await traces.finish()

async function sendRequests() {
  const email = people.newEmail('ada')
  const registered = await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await api.post('/v1/email/verify', { token: await mailbox.token(email, 'verify_email') })
  sendgrid.failWith({ status: 500 }, 1)
  const forgotten = await api.post('/v1/password/forgot', { email })
  await mailbox.drain() // the first attempt fails
  await mailbox.drain()
  const fromStranger = await api.delete('/v1/sessions/tok-in-path?q=1', { headers: { traceparent: SAMPLED } })
  const throughProxy = await api.get('/v1/me', { ip: PROXY, headers: { traceparent: SAMPLED, tracestate: 'a=b' } })
  const unreadable = await api.get('/v1/me', { ip: PROXY, headers: { traceparent: '00-ada@example.com-00' } })
  const notSampled = await api.post('/v1/password/forgot', { email }, inTraceOf(NOT_SAMPLED))
  await mailbox.drain()
  const freePlaces = occupyLane(deps)
  const overloaded = await api.post('/v1/login', { email, password: 'Correct-Horse-7' })
  await freePlaces()
  await api.get('/health/ready')
  await failingStatement()
  const ada = await people.signedIn(email, 'Correct-Horse-7')
  const change = { currentPassword: ada.password, newPassword: 'Battery-Staple-8' }
  receiver.failWith(503)
  const changed = await ada.post('/v1/password/change', change)
  await mailbox.drain() // the first attempt at the security event fails
  receiver.recover()
  await mailbox.drain()
  return { changed, registered, forgotten, fromStranger, throughProxy, unreadable, notSampled, overloaded }
}

function inTraceOf(traceparent: string) {
  return { ip: PROXY, headers: { traceparent } }
}

async function failingStatement(): Promise<void> {
  const span = deps.tracing?.start('a request', { kind: 'server', attributes: {} })
  if (!span) throw new Error('tracing is off')
  await inSpan(span, () => deps.pool.query('SELECT $1::int', ['tok-in-value'])).catch(() => undefined)
}

function requestIdOf({ headers }: Answer): string {
  return String(headers['x-request-id'])
}

/** The span of the request with this answer. */
function spanOf(answer: Answer): ReadableSpan {
  const span = spans.find(
    ({ kind, attributes }) => kind === 1 && attributes['latchkey.request_id'] === requestIdOf(answer),
  )
  if (!span) throw new Error('the request has no span')
  return span
}

function deliveriesOf(answer: Answer): ReadableSpan[] {
  return spans.filter(
    ({ name, attributes }) => name === 'deliver mail' && attributes['latchkey.request_id'] === requestIdOf(answer),
  )
}

function childrenOf(parent: ReadableSpan | undefined): string[] {
  const { traceId, spanId } = parent?.spanContext() ?? {}
  return spans
    .filter((span) => span.spanContext().traceId === traceId && span.parentSpanContext?.spanId === spanId)
    .map(({ name }) => name)
}

function linesOf(answer: Answer) {
  return logLines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === requestIdOf(answer))
}

test('a request, its password hash, its statements, its mail and the call to the provider are one trace', () => {
  const request = spanOf(answers.registered)
  const [delivery] = deliveriesOf(answers.registered)

  expect(childrenOf(request)).toEqual(
    expect.arrayContaining(['wait for the hashing lane', 'bcrypt', 'BEGIN', 'WITH mails', 'COMMIT', 'deliver mail']),
  )
  expect(delivery?.attributes).toMatchObject({
    'latchkey.mail.request': 'registration',
    'latchkey.mail.outcome': 'sent',
    'latchkey.mail.attempt': 1,
  })
  expect(childrenOf(delivery)).toEqual(expect.arrayContaining(['WITH mails', 'POST /v3/mail/send']))
})

test('a further attempt at a mail has its own trace, with a link to the request', () => {
  const request = spanOf(answers.forgotten)
  const [first, second] = deliveriesOf(answers.forgotten)

  expect(first?.attributes).toMatchObject({ 'latchkey.mail.outcome': 'postponed', 'error.type': 'postponed' })
  expect(second?.attributes).toMatchObject({ 'latchkey.mail.outcome': 'sent', 'latchkey.mail.attempt': 2 })
  expect(second?.parentSpanContext).toBeUndefined()
  expect(second?.links[0]?.context).toMatchObject(idsOf(request))
})

function idsOf(span: ReadableSpan) {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}

test('a security event is delivered in the trace of its request, and the receiver can continue the trace', () => {
  const request = spanOf(answers.changed)
  const [first, second] = spans.filter(({ name }) => name === 'deliver security event')
  const posts = spans.filter(({ name }) => name === 'POST').map((span) => span.spanContext())

  expect(childrenOf(request)).toContain('deliver security event')
  expect(first?.attributes).toMatchObject({ 'latchkey.event.type': 'password.changed', 'latchkey.event.attempt': 1 })
  expect(second?.links[0]?.context).toMatchObject(idsOf(request))
  expect(receiver.traceparents).toEqual(posts.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`))
  expect(receiver.events).toHaveLength(1)
})

test('the span of a request has the pattern of its route, its status and its id, and nothing that the caller chose', () => {
  const { name, attributes } = spanOf(answers.fromStranger)

  expect(name).toBe('DELETE /v1/sessions/:id')
  expect(attributes).toEqual({
    'http.request.method': 'DELETE',
    'http.route': '/v1/sessions/:id',
    'http.response.status_code': 401,
    'url.scheme': 'http',
    'latchkey.problem_code': 'unauthenticated',
    'latchkey.request_id': requestIdOf(answers.fromStranger),
  })
})

test('a request continues the trace of a proxy in TRUST_PROXY', () => {
  const { parentSpanContext, links } = spanOf(answers.throughProxy)

  expect(parentSpanContext).toMatchObject({ traceId: CALLERS_TRACE, spanId: 'b7ad6b7169203331' })
  expect(links).toEqual([])
})

test('the trace that anyone else names is only linked', () => {
  const span = spanOf(answers.fromStranger)

  expect(span.parentSpanContext).toBeUndefined()
  expect(span.spanContext().traceId).not.toBe(CALLERS_TRACE)
  expect(span.links.map(({ context }) => context.traceId)).toEqual([CALLERS_TRACE])
})

test('a traceparent that cannot be read counts as none', () => {
  const { parentSpanContext, links } = spanOf(answers.unreadable)

  expect({ parentSpanContext, links }).toEqual({ parentSpanContext: undefined, links: [] })
})

test('of a trace that is not sampled, nothing is recorded, and no log line names it', () => {
  const lines = linesOf(answers.notSampled)

  expect(spans.map(textOf).join('\n')).not.toContain(requestIdOf(answers.notSampled))
  expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['request', 'mail sent']))
  for (const line of lines) expect(line).not.toHaveProperty('trace_id')
})

test('a 5xx answer marks the span as failed, and a refusal does not', () => {
  const { attributes, status } = spanOf(answers.overloaded)

  expect(attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': 'overloaded' })
  expect(status.code).toBe(2)
  expect(spanOf(answers.fromStranger).status.code).toBe(0)
})

test('the span of a statement that fails has the SQLSTATE, and not the message, which quotes the value', () => {
  const failed = spans.filter(({ attributes }) => attributes['error.type'] === '22P02')

  expect(failed.map(({ name }) => name)).toEqual(['SELECT', 'a request'])
  expect(spans.map(textOf).join('\n')).not.toContain('tok-in')
})

test('the lines of a request and of its mail name the trace', () => {
  const { traceId, spanId } = idsOf(spanOf(answers.registered))

  expect(linesOf(answers.registered)).toEqual([
    expect.objectContaining({ msg: 'request', trace_id: traceId, span_id: spanId }),
    expect.objectContaining({ msg: 'mail sent', trace_id: traceId }),
  ])
})

test('probes, and the statements of the queue itself, have no spans', () => {
  const roots = spans.filter(({ parentSpanContext }) => !parentSpanContext).map(({ name }) => name)

  expect(roots).not.toContain('GET /health/ready')
  expect(new Set(roots.filter((name) => !name.includes('/v1/')))).toEqual(
    new Set(['deliver mail', 'deliver security event', 'a request']),
  )
})

test('the log says once that the collector cannot be reached, and once that it can be again', () => {
  const failure = { code: 1, error: new Error('connect ECONNREFUSED 127.0.0.1:4318') }
  const results = [{ code: 0 }, failure, failure, { code: 0 }, { code: 0 }]
  const lines: string[] = []
  const exporter = reportFailures(
    { export: (_spans, done) => done(results.shift() ?? failure), shutdown: async () => undefined },
    { info: (message) => lines.push(message), warn: ({ reason }, message) => lines.push(`${message}: ${reason}`) },
  )

  while (results.length > 0) exporter.export([], () => undefined)

  expect(lines).toEqual([
    'Traces cannot be sent to the collector; they are lost until it answers: connect ECONNREFUSED 127.0.0.1:4318',
    'Traces are sent to the collector again',
  ])
})
