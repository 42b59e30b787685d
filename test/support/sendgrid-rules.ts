import type { IncomingHttpHeaders } from 'node:http'

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

interface ApiRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: unknown
}

/** SendGrid's answer to a request that it refuses; undefined for one that it accepts. */
export function refusalOf(request: ApiRequest, apiKey: string | undefined): Answer | undefined {
  const [, key] = /^Bearer (SG\..+)$/.exec(request.headers.authorization ?? '') ?? []
  if (key === undefined || (apiKey !== undefined && key !== apiKey)) {
    return refusal(401, 'The provided authorization grant is invalid, expired, or revoked')
  }
  if (suppressionIn(request.path)) {
    return request.method === 'DELETE' ? undefined : refusal(405, 'method not allowed')
  }
  if (request.path !== '/v3/mail/send') return refusal(404, 'Not Found')
  if (request.method !== 'POST') return refusal(405, 'POST method allowed only')
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return refusal(415, 'Content-Type should be application/json.')
  }
  if (!isObject(request.body)) return refusal(400, 'Bad Request')
  const errors = [...recipientErrors(request.body), ...senderErrors(request.body), ...contentErrors(request.body)]
  return errors.length === 0 ? undefined : { status: 400, body: { errors } }
}

/** Turns the path of one address on one list into `bounces/ada@example.com`. */
export function suppressionIn(path: string): string | null {
  const [, list, address] =
    /^\/v3\/suppression\/(bounces|blocks|invalid_emails|spam_reports)\/([^/]+)$/.exec(path) ?? []
  return list && address ? `${list}/${decodeURIComponent(address)}` : null
}

interface FieldError {
  message: string
  field: string | null
  help: string | null
}

function refusal(status: number, message: string): Answer {
  return { status, body: { errors: [{ message, field: null, help: null }] } }
}

const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/
const HELP = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html'

function fieldError(field: string, message: string): FieldError {
  return { message, field, help: `${HELP}#message.${field}` }
}

function recipientErrors({ personalizations }: Record<string, unknown>): FieldError[] {
  if (!Array.isArray(personalizations) || personalizations.length === 0) {
    return [
      fieldError(
        'personalizations',
        'The personalizations field is required and must have at least one personalization.',
      ),
    ]
  }
  return personalizations.flatMap((personalization: unknown, index) => {
    const to = isObject(personalization) ? personalization['to'] : undefined
    const field = `personalizations.${index}.to`
    if (!Array.isArray(to) || to.length === 0) {
      return [fieldError(field, 'The to array is required for all personalization objects.')]
    }
    return to.flatMap((recipient: unknown, position) =>
      isAddressObject(recipient) ? [] : [fieldError(`${field}.${position}.email`, 'Does not contain a valid address.')],
    )
  })
}

function senderErrors({ from, reply_to: replyTo }: Record<string, unknown>): FieldError[] {
  const errors: FieldError[] = []
  if (!isObject(from)) {
    errors.push(fieldError('from', 'The from object must be provided for every email send.'))
  } else if (!isAddressObject(from)) {
    errors.push(fieldError('from.email', 'The from email does not contain a valid address.'))
  } else if ('name' in from && typeof from['name'] !== 'string') {
    errors.push(fieldError('from.name', 'The from name must be a string.'))
  }
  if (replyTo !== undefined && !isAddressObject(replyTo)) {
    errors.push(fieldError('reply_to.email', 'The reply_to email does not contain a valid address.'))
  }
  return errors
}

const RESERVED_HEADERS =
  /^(x-sg-id|x-sg-eid|received|dkim-signature|content-type|content-transfer-encoding|to|from|subject|reply-to|cc|bcc)$/i

function contentErrors({
  subject,
  content,
  headers = {},
  custom_args: customArgs = {},
}: Record<string, unknown>): FieldError[] {
  const errors: FieldError[] = []
  if (typeof subject !== 'string' || subject === '') {
    errors.push(fieldError('subject', 'The subject is required.'))
  }
  errors.push(...partErrors(content))
  if (!isObject(headers) || !Object.values(headers).every(isString)) {
    errors.push(fieldError('headers', 'All values of the headers object must be strings.'))
  } else if (Object.keys(headers).some((name) => RESERVED_HEADERS.test(name))) {
    errors.push(fieldError('headers', 'Header cannot be one of the reserved keys.'))
  }
  if (!isObject(customArgs) || !Object.values(customArgs).every(isString)) {
    errors.push(fieldError('custom_args', 'All values of custom arguments object must be strings.'))
  }
  return errors
}

function partErrors(content: unknown): FieldError[] {
  if (!Array.isArray(content) || content.length === 0) {
    return [fieldError('content', 'Unless a valid template_id is provided, the content parameter is required.')]
  }
  const parts: unknown[] = content
  if (!parts.every((part) => isObject(part) && isString(part['value']) && part['value'] !== '')) {
    return [fieldError('content', 'The content value must be a string at least one character in length.')]
  }
  const types = parts.map((part) => (isObject(part) ? part['type'] : undefined))
  if (types.includes('text/plain') && types.indexOf('text/plain') !== 0) {
    return [
      fieldError(
        'content',
        'If present, text/plain must be first, followed by text/html, followed by any other content.',
      ),
    ]
  }
  return []
}

function isAddressObject(value: unknown): boolean {
  return isObject(value) && isString(value['email']) && ADDRESS.test(value['email'])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
