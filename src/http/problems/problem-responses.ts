import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isDatabaseUnavailable } from '../../database/connection/connection-errors.ts'
import { newId } from '../../database/new-id.ts'
import { deadLinks } from '../../domain/dead-links.ts'
import { type ProblemCode, problems, Refusal, type RefusalDetails, type Violation } from '../../domain/problems.ts'
import type { OAuthErrorCode } from '../../domain/service-clients/oauth-refusal.ts'
import { KeysNotLoaded } from '../../keys/key-ring.ts'
import { describeError } from '../../log.ts'
import { HashingLaneFull } from '../../security/hashing/hashing-lane.ts'
import { UnreadableBody, WHOLE_BODY } from '../bodies/strict-json.ts'
import { problemStatuses } from './problem-statuses.ts'
import { messageOf } from './value-messages.ts'

const RETRY_AFTER_OUTAGE_SECONDS = 5

declare module 'fastify' {
  interface FastifyInstance {
    /** How a person reaches Support, for the answers that tell a person to do so. */
    supportContact: string
  }
  interface FastifyRequest {
    /** The `code` that the request is refused with, for the log and the metrics. Empty if it is not refused. */
    problemCode: ProblemCode | OAuthErrorCode | ''
  }
}

/** Turns every error of the listener's routes into a problem document. An error that is not a refusal is logged and not shown. */
export function answerProblemsOf(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = toRefusal(error)
    logFailure(request, error, refusal)
    return sendProblem(request, reply, refusal)
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(app, request.url)
    if (allowed.length === 0) return sendProblem(request, reply, new Refusal('not_found'))
    return sendProblem(request, reply.header('Allow', allowed.join(', ')), new Refusal('method_not_allowed'))
  })
}

/**
 * Answers a request that the framework refuses before any hook has run, such as one with a path that cannot be decoded.
 */
export function frameworkProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(
    request,
    reply.header('X-Request-Id', request.id).header('Cache-Control', 'no-store'),
    toRefusal(error),
  )
}

/**
 * Answers a request that Node's parser refuses. No hook, no route and no log line of the framework sees such a request.
 * The connection is closed, because the start of the next request cannot be found.
 */
export function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return
  const code = PARSER_CODES[error.code ?? ''] ?? 'invalid_request'
  const status = problemStatuses[code]
  const { title } = problems[code]
  const requestId = newId()
  const body = JSON.stringify(problemDocument(code, requestId))
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
  ]
  socket.end([...head, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', '', body].join('\r\n'))
}

const PARSER_CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Answers a request whose `Expect` header is not `100-continue`. Otherwise Node would answer it without a body. */
export function answerUnmetExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const requestId = newId()
  const body = JSON.stringify(problemDocument('expectation_failed', requestId))
  response.writeHead(problemStatuses.expectation_failed, {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close', // its body, if it has one, is not read
  })
  response.end(body)
}

/** Sends an RFC 9457 document. `instance` and `X-Request-Id` are what a person quotes to Support. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, details } = refusal
  const status = problemStatuses[code]
  request.problemCode = code
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer')
  if (details.retryAfter !== undefined) reply.header('Retry-After', String(details.retryAfter))
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problemDocument(code, request.id, { details, supportContact: request.server.supportContact }))
}

/** `support` is added where the text tells a person to contact Support. */
export function problemDocument(
  code: ProblemCode,
  requestId: string,
  { details = {}, supportContact }: { details?: RefusalDetails; supportContact?: string } = {},
): object {
  const status = problemStatuses[code]
  const { title } = problems[code]
  const { deadLink, ...members } = details
  const { detail, contactsSupport = false }: { detail: string; contactsSupport?: boolean } =
    deadLink === undefined ? problems[code] : deadLinks[deadLink]
  const support = contactsSupport && supportContact !== undefined ? { support: supportContact } : {}
  return {
    type: `urn:latchkey:problem:${code}`,
    title,
    status,
    detail,
    code,
    instance: requestId,
    ...support,
    ...members,
  }
}

/** The refusal that a caller gets for an error. An error that the caller has not caused is a defect or an outage of ours. */
export function toRefusal(error: FastifyError | Error): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof UnreadableBody) return new Refusal('invalid_request', { violations: [error.violation] })
  if (error instanceof HashingLaneFull) return new Refusal('overloaded', { retryAfter: error.retryAfterSeconds })
  if (error instanceof KeysNotLoaded || isDatabaseUnavailable(error)) {
    return new Refusal('service_unavailable', { retryAfter: RETRY_AFTER_OUTAGE_SECONDS })
  }
  return 'code' in error ? fromFramework(error) : new Refusal('internal_error')
}

const FRAMEWORK_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_ASYNC_CONSTRAINT: 'invalid_request',
}

function fromFramework(error: FastifyError): Refusal {
  // An id that is not a UUID names nothing. Nothing else in a path has a form that a schema checks.
  if (error.validationContext === 'params') return new Refusal('not_found')
  if (error.validation) return new Refusal('invalid_request', { violations: error.validation.map(toViolation) })
  const code = FRAMEWORK_CODES[error.code]
  if (code) return new Refusal(code)
  const isCallersFault = typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500
  return new Refusal(isCallersFault ? 'invalid_request' : 'internal_error')
}

/** Names the field and the rule, but not the value, which may be a password in the wrong field. */
function toViolation(error: NonNullable<FastifyError['validation']>[number]): Violation {
  const { missingProperty, additionalProperty } = error.params as {
    missingProperty?: string
    additionalProperty?: string
  }
  const path = error.instancePath.split('/').slice(1)
  const field = [...path, missingProperty ?? additionalProperty].filter((part) => part !== undefined).join('.')
  if (missingProperty !== undefined) return { field, rule: 'required', message: 'This field is missing.' }
  if (additionalProperty !== undefined) return { field, rule: 'unknown', message: 'This field is unknown.' }
  if (field === '') return { field: WHOLE_BODY, rule: error.keyword, message: 'The body must be a JSON object.' }
  return { field, rule: error.keyword, message: messageOf(error) }
}

function allowedMethods(app: FastifyInstance, url: string): string[] {
  const path = url.split('?')[0] ?? ''
  return ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'].filter(
    (method) => app.findRoute({ method, url: path }) !== null,
  )
}

/**
 * Logs an error that is the service's own. A refusal is part of the contract, and so is refusing load: a flood must not write
 * a stack per request. The stack is logged only for a defect, because an outage needs none.
 */
export function logFailure(request: FastifyRequest, error: Error, { code }: Refusal): void {
  if (error instanceof Refusal || code === 'overloaded' || problemStatuses[code] < 500) return
  const { frames, ...failure } = describeError(error)
  request.log.error({ failure: code === 'internal_error' ? { ...failure, frames } : failure }, 'request failed')
}
