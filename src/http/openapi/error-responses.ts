import { type ProblemCode, problems, type RefusalDetails } from '../../domain/problems.ts'
import { problemDocument } from '../problems/problem-responses.ts'
import { problemStatuses } from '../problems/problem-statuses.ts'
import { example } from './example-values.ts'
import { problemMeanings } from './problem-meanings.ts'

/** A code, and what it means in one operation. Without a meaning of its own, it has the one of problem-meanings.ts. */
export interface ListedCode {
  readonly code: ProblemCode
  readonly meaning?: string
}

export interface RouteFacts {
  /** Whether the route takes a body or parameters, which can be malformed. */
  readonly takesInput: boolean
  readonly isLimited: boolean
}

export const RETRY_AFTER = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
export const WWW_AUTHENTICATE = { 'WWW-Authenticate': { $ref: '#/components/headers/WwwAuthenticate' } }
const HEADERS: Readonly<Record<number, object>> = {
  401: WWW_AUTHENTICATE,
  429: RETRY_AFTER,
  503: RETRY_AFTER,
}

/** The responses, by status, for the codes that one operation can answer with. What every operation can answer is added as ranges. */
export function errorResponses(codes: readonly ListedCode[], facts: RouteFacts): Record<string, object> {
  const all = new Map(codes.map((listed) => [listed.code, listed]))
  if (facts.takesInput) all.set('invalid_request', { code: 'invalid_request' })
  if (facts.isLimited) all.set('too_many_attempts', { code: 'too_many_attempts' })
  const statuses = [...new Set([...all.keys()].map((code) => problemStatuses[code]))]
  const ofStatus = (status: number) => [...all.values()].filter(({ code }) => problemStatuses[code] === status)
  return {
    ...Object.fromEntries(
      statuses.map((status) => [status, problemResponse(ofStatus(status), { headers: HEADERS[status] })]),
    ),
    '4XX': { $ref: '#/components/responses/OtherRefusal' },
    '5XX': { $ref: '#/components/responses/ServiceFailure' },
  }
}

/** The refusals that come before the operation is known, or that every operation can answer with. */
const OF_ANY_REQUEST = [
  'invalid_request',
  'method_not_allowed',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'headers_too_large',
] as const satisfies readonly ProblemCode[]
const OF_THE_SERVICE = ['internal_error', 'overloaded', 'service_unavailable'] as const satisfies readonly ProblemCode[]

/** The responses that complete every operation, for the ranges of statuses that it does not list itself. */
export const rangeResponses = {
  OtherRefusal: problemResponse(
    OF_ANY_REQUEST.map((code) => ({ code })),
    { heading: 'A refusal that any operation can answer with.' },
  ),
  ServiceFailure: problemResponse(
    OF_THE_SERVICE.map((code) => ({ code })),
    { heading: 'The service could not answer. The request can be sent again.', headers: RETRY_AFTER },
  ),
}

/** One code is described in a sentence, several in a list. A heading is for a range of statuses, so each code has its own. */
function problemResponse(
  listed: readonly ListedCode[],
  { headers, heading }: { headers?: object | undefined; heading?: string } = {},
) {
  const lines = listed.map(({ code, meaning = problemMeanings[code] }) =>
    heading === undefined ? `\`${code}\`: ${meaning}` : `${problemStatuses[code]} \`${code}\`: ${meaning}`,
  )
  const description = lines.length === 1 ? String(lines[0]) : lines.map((line) => `- ${line}`).join('\n')
  return {
    description: heading === undefined ? description : `${heading}\n\n${description}`,
    ...(headers === undefined ? {} : { headers }),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(listed.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}

const EXAMPLE_DETAILS: Partial<Record<ProblemCode, RefusalDetails>> = {
  invalid_request: { violations: [{ field: 'email', rule: 'required', message: 'This field is missing.' }] },
  invalid_email: {
    violations: [{ field: 'email', rule: 'email', message: 'Enter a valid email address, like ada@example.com.' }],
  },
  password_policy: {
    violations: [
      { field: 'newPassword', rule: 'min_length', message: 'At least 8 characters.' },
      { field: 'newPassword', rule: 'number', message: 'At least one number.' },
    ],
  },
  invalid_password_hash: {
    violations: [
      {
        field: 'passwordHash',
        rule: 'bcrypt',
        message: 'The hash must be a bcrypt hash ($2a$, $2b$ or $2y$) with a cost from 4 to 15.',
      },
    ],
  },
  too_many_attempts: { retryAfter: 30 },
  overloaded: { retryAfter: 2 },
  service_unavailable: { retryAfter: 5 },
}

/** An example of each problem, to which the responses refer. */
export const problemExamples = Object.fromEntries(
  (Object.keys(problems) as ProblemCode[]).map((code) => {
    const details = EXAMPLE_DETAILS[code] ?? {}
    return [
      code,
      { value: problemDocument(code, example.requestId, { details, supportContact: example.supportContact }) },
    ]
  }),
)
