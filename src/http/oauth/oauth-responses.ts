import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { problems } from '../../domain/problems.ts'
import { type OAuthErrorCode, OAuthRefusal, oauthErrors } from '../../domain/service-clients/oauth-refusal.ts'
import { logFailure, toRefusal } from '../problems/problem-responses.ts'
import { problemStatuses } from '../problems/problem-statuses.ts'

/**
 * Answers the errors of one plugin's routes in the form of RFC 6749 section 5.2, because no OAuth library reads a
 * problem document. A request whose caller cannot be authenticated counts as a failure. Above the limit for failures
 * the response is 429.
 */
export function answerOAuthErrorsOf(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const isUnproven =
      error instanceof OAuthRefusal && (error.code === 'invalid_client' || error.code === 'invalid_token')
    const pastLimit = isUnproven ? await request.countFailure().catch((excess: Error) => excess) : undefined
    if (error instanceof OAuthRefusal && !pastLimit) {
      request.problemCode = error.code
      return sendOAuthError(reply, error)
    }
    const refusal = toRefusal(pastLimit ?? error)
    request.problemCode = refusal.code // not the answer's: that has one code for a limit and for an outage
    const status = problemStatuses[refusal.code]
    if (!pastLimit) logFailure(request, error, refusal)
    if (refusal.details.retryAfter !== undefined) reply.header('Retry-After', String(refusal.details.retryAfter))
    // The status is kept, because the RFC has no codes for 413 and 415.
    const description = status === 415 ? WRONG_CONTENT_TYPE : problems[refusal.code].detail
    return sendOAuthError(reply, new OAuthRefusal(oauthCodeOf(status), description), status)
  })
}

const WRONG_CONTENT_TYPE = 'Send the request with the content type application/x-www-form-urlencoded.'

function oauthCodeOf(status: number): OAuthErrorCode {
  if (status === 429 || status === 503) return 'temporarily_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request'
}

function sendOAuthError(
  reply: FastifyReply,
  { code, description }: OAuthRefusal,
  status: number = oauthErrors[code][0],
): FastifyReply {
  const challenge = CHALLENGES[code]
  if (challenge !== undefined) reply.header('WWW-Authenticate', challenge)
  return reply
    .code(status)
    .header('Pragma', 'no-cache')
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: code, error_description: description })
}

/** RFC 6749 section 5.2 and RFC 6750 section 3. */
const CHALLENGES: Partial<Record<OAuthErrorCode, string>> = {
  invalid_client: 'Basic realm="oauth", charset="UTF-8"',
  invalid_token: 'Bearer error="invalid_token"',
  insufficient_scope: 'Bearer error="insufficient_scope", scope="tokens:introspect"', // no other OAuth route needs a scope
}
