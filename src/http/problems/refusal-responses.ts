import { type ProblemCode, problems } from '../../domain/problems.ts'
import { problemDocument } from './problem-responses.ts'
import { problemStatuses } from './problem-statuses.ts'

/** Answers to a caller who may not call the route. They derive from the route's `caller`. */
type CallerCode = 'unauthenticated' | 'insufficient_scope'

/** Answers of every route, whatever it does. */
const ALWAYS = ['headers_too_large', 'overloaded', 'service_unavailable', 'internal_error'] as const
/** Answers of every route that reads a body. */
const WITH_BODY = ['invalid_request', 'payload_too_large', 'unsupported_media_type'] as const
/** Answers that come before any route is reached, so that no route lists them. */
const WITHOUT_ROUTE = ['method_not_allowed', 'request_timeout', 'expectation_failed'] as const

/** The codes that derive from the declaration of a route. */
export type DerivedCode =
  | CallerCode
  | 'too_many_attempts'
  | (typeof ALWAYS)[number]
  | (typeof WITH_BODY)[number]
  | (typeof WITHOUT_ROUTE)[number]

/** The codes that a route declares. */
export type SpecificCode = Exclude<ProblemCode, DerivedCode>

interface RouteFacts {
  readonly readsBody: boolean
  /** Parameters in the path or in the query, which can be too long or not decodable. */
  readonly hasParameters: boolean
  readonly isLimited: boolean
}

/** The error responses of a route for its schema, by status, with each `code` that it can answer and an example of it. */
export function refusalResponses(codes: readonly ProblemCode[], facts: RouteFacts): object {
  const all = new Set<ProblemCode>(codes)
  if (facts.hasParameters) all.add('invalid_request')
  if (facts.isLimited) all.add('too_many_attempts')
  for (const code of facts.readsBody ? WITH_BODY : []) all.add(code)
  for (const code of ALWAYS) all.add(code)
  const statuses = [...new Set([...all].map((code) => problemStatuses[code]))]
  return Object.fromEntries(
    statuses.map((status) => [status, problemResponse([...all].filter((code) => problemStatuses[code] === status))]),
  )
}

function problemResponse(codes: readonly ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: 'Problem#' }, { type: 'object', properties: { code: { enum: [...codes] } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}

const EXAMPLE_REQUEST_ID = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'
const EXAMPLE_CONTACT = 'support@example.com'

/** An example of each problem, which the responses of the routes refer to. */
export const problemExamples = Object.fromEntries(
  (Object.keys(problems) as ProblemCode[])
    .filter((code) => !(WITHOUT_ROUTE as readonly ProblemCode[]).includes(code))
    .map((code) => [code, { value: problemDocument(code, EXAMPLE_REQUEST_ID, { supportContact: EXAMPLE_CONTACT }) }]),
)
