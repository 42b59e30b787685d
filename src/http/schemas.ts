import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'
import { type ProblemCode, problems } from '../domain/problems.ts'
import { problemDocument } from './problem-responses.ts'

/** Components of openapi.yaml: what more than one route uses, by the name generated clients will give it. */

function component<Schema extends TSchema>(name: string, schema: Schema): Schema & { $id: string } {
  return Object.assign(schema, { $id: name })
}

export const Violation = component(
  'Violation',
  Type.Object(
    { field: Type.String(), rule: Type.String(), message: Type.String() },
    { description: 'One broken rule of one field.' },
  ),
)

export const Problem = component(
  'Problem',
  Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      code: Type.String({ description: 'Stable: decide by this.' }),
      instance: Type.String({ description: 'The id of the request, as in the X-Request-Id header.' }),
      violations: Type.Optional(Type.Array(Type.Unsafe<Static<typeof Violation>>({ $ref: 'Violation#' }))),
      retryAfter: Type.Optional(Type.Integer({ description: 'Seconds, as in the Retry-After header.' })),
      support: Type.Optional(Type.String({ description: 'Whom to contact.' })),
    },
    { description: 'RFC 9457 problem document.' },
  ),
)

export const Tokens = component(
  'Tokens',
  Type.Object({
    accessToken: Type.String({ description: 'A JWT (RFC 9068), for the Authorization header.' }),
    tokenType: Type.Literal('Bearer'),
    expiresIn: Type.Integer({ description: 'Seconds until the access token expires.' }),
    refreshToken: Type.String({ description: 'Good for one refresh.' }),
    refreshExpiresIn: Type.Integer({ description: 'Seconds until the session ends, however often it is refreshed.' }),
    sessionId: Type.String({ format: 'uuid' }),
  }),
)

export const Account = component(
  'Account',
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    email: Type.String(),
    emailVerified: Type.Boolean(),
    pendingEmail: Type.Union([Type.String(), Type.Null()], {
      description: 'The address a pending change would bring.',
    }),
    createdAt: Type.String({ format: 'date-time' }),
    passwordChangedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  }),
)

export const PendingEmailChange = component(
  'PendingEmailChange',
  Type.Object({ pendingEmail: Type.String(), expiresAt: Type.String({ format: 'date-time' }) }),
)

export const components = [Violation, Problem, Tokens, Account, PendingEmailChange] as const

/** A component by reference, with its TypeScript type. */
export function ref<Schema extends TSchema & { $id: string }>(schema: Schema) {
  return Type.Unsafe<Static<Schema>>({ $ref: `${schema.$id}#` })
}

/** A body of exactly these fields: an unknown one is a mistake to be told of, not to be dropped. */
export function body<Fields extends Record<string, TSchema>>(fields: Fields, example: object) {
  return Type.Object(fields, { additionalProperties: false, examples: [example] })
}

/** The body of every route that takes a mailed token. */
export const TokenBody = body(
  { token: Type.String({ description: 'From the fragment of the mailed link.' }) },
  { token: 'Ew3kYt0m3D0kq0yC8r9Jm1cJ7k8vXo2p5sQd6TzLh4A' },
)

/** What any route may answer, whatever it does. */
const ALWAYS: readonly ProblemCode[] = ['overloaded', 'service_unavailable', 'internal_error']
const WITH_BODY: readonly ProblemCode[] = ['invalid_request', 'payload_too_large', 'unsupported_media_type']

/** The error responses of a route, by status, with each `code` it can answer and an example of it. */
export function refusals(codes: readonly ProblemCode[], options: { body: boolean } = { body: true }) {
  const all = [...codes, ...(options.body ? WITH_BODY : []), ...ALWAYS]
  const statuses = [...new Set(all.map((code) => problems[code][0]))]
  return Object.fromEntries(
    statuses.map((status) => [status, problemResponse(all.filter((code) => problems[code][0] === status))]),
  )
}

function problemResponse(codes: readonly ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code][1]}.`).join(' '),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: 'Problem#' }, { type: 'object', properties: { code: { enum: [...codes] } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemDocument(code, EXAMPLE_REQUEST_ID) }])),
      },
    },
  }
}

const EXAMPLE_REQUEST_ID = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'
