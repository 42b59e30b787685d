import { type OAuthErrorCode, oauthErrors } from '../../domain/service-clients/oauth-refusal.ts'
import { RETRY_AFTER, WWW_AUTHENTICATE } from './error-responses.ts'

const HEADERS: Readonly<Record<number, object>> = { 401: WWW_AUTHENTICATE, 403: WWW_AUTHENTICATE, 429: RETRY_AFTER }

/** The responses of an OAuth endpoint, by status, with each `error` that it can answer with and an example of it. */
export function oauthErrorResponses(codes: readonly OAuthErrorCode[]): Record<string, object> {
  const all: OAuthErrorCode[] = ['invalid_request', ...codes]
  const statuses = [...new Set(all.map((code) => oauthErrors[code][0]))]
  const ofStatus = (status: number) => all.filter((code) => oauthErrors[code][0] === status)
  return {
    ...Object.fromEntries(
      statuses.map((status) => [status, oauthResponse(ofStatus(status), { headers: HEADERS[status] })]),
    ),
    429: { $ref: '#/components/responses/OAuthTooManyAttempts' },
    '4XX': { $ref: '#/components/responses/OtherOAuthRefusal' },
    '5XX': { $ref: '#/components/responses/OAuthServiceFailure' },
  }
}

/** The responses that all OAuth endpoints share. The RFCs have no codes for 413, 415 and 429, so the nearest one is used. */
export const sharedOAuthResponses = {
  OAuthTooManyAttempts: oauthResponse(['temporarily_unavailable'], {
    heading: 'Too many requests. Wait for the seconds in `Retry-After`.',
    headers: RETRY_AFTER,
  }),
  OtherOAuthRefusal: oauthResponse(['invalid_request'], {
    heading:
      'A refusal that any OAuth endpoint can answer with: 413 for a body that is too large, 415 for a wrong content type. A request ' +
      'that is refused before its path is known (408, 417, 431) gets a problem document instead.',
  }),
  OAuthServiceFailure: oauthResponse(['server_error', 'temporarily_unavailable'], {
    heading: 'The service could not answer. The request can be sent again.',
    headers: RETRY_AFTER,
  }),
}

function oauthResponse(
  codes: readonly OAuthErrorCode[],
  { headers, heading }: { headers?: object | undefined; heading?: string } = {},
) {
  const lines = codes.map((code) => `\`${code}\`: ${oauthErrors[code][1]}`)
  const description = lines.length === 1 ? String(lines[0]) : lines.map((line) => `- ${line}`).join('\n')
  const example = (code: OAuthErrorCode) => ({ value: { error: code, error_description: oauthErrors[code][1] } })
  return {
    description: heading === undefined ? description : `${heading}\n\n${description}`,
    ...(headers === undefined ? {} : { headers }),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/OAuthError' },
        examples: Object.fromEntries(codes.map((code) => [code, example(code)])),
      },
    },
  }
}
