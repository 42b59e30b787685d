import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox'

/** The named schemas of openapi.yaml, in the order of their declaration. They are registered before any route. */
export const components: Array<TSchema & { $id: string }> = []

/** Declares a schema under the name generated clients will give it, and returns the reference to use in a route. */
export function named<Schema extends TSchema>(name: string, schema: Schema) {
  components.push(Object.assign(schema, { $id: name }))
  const { description } = schema as { description?: string }
  return Type.Unsafe<Static<Schema>>({ $ref: `${name}#`, ...(description === undefined ? {} : { description }) })
}

/**
 * Declares a request body with exactly these fields. An unknown field is refused rather than ignored, so that the
 * caller notices the mistake.
 */
export function requestBody<Fields extends Record<string, TSchema>>(name: string, fields: Fields, example: object) {
  return named(name, Type.Object(fields, { additionalProperties: false, examples: [example] }))
}

export const Violation = named(
  'Violation',
  Type.Object(
    { field: Type.String(), rule: Type.String(), message: Type.String() },
    { description: 'A rule that a field of the request breaks.' },
  ),
)

named(
  'Problem',
  Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      code: Type.String({ description: 'The stable code of the problem. Programs should decide by this field only.' }),
      instance: Type.String({ description: 'The id of the request. The X-Request-Id header has the same value.' }),
      violations: Type.Optional(Type.Array(Violation)),
      retryAfter: Type.Optional(Type.Integer({ description: 'How many seconds to wait before the next attempt.' })),
      support: Type.Optional(
        Type.String({ description: 'How to contact Support. Present if `detail` asks the person to contact Support.' }),
      ),
    },
    { description: 'An RFC 9457 problem document.' },
  ),
)

export const Tokens = named(
  'Tokens',
  Type.Object(
    {
      accessToken: Type.String({ description: 'A JWT (RFC 9068), for the Authorization header.' }),
      tokenType: Type.Literal('Bearer'),
      expiresIn: Type.Integer({ description: 'Seconds until the access token expires.' }),
      refreshToken: Type.String({ description: 'A single-use token for `POST /v1/token/refresh`.' }),
      refreshExpiresIn: Type.Integer({ description: 'Seconds until the session expires. Refreshes do not extend it.' }),
      sessionId: Type.String({ format: 'uuid' }),
    },
    { description: 'The tokens of the session.' },
  ),
)

/** The body of every route that takes a mailed token. */
export const TokenRequest = requestBody(
  'TokenRequest',
  { token: Type.String({ description: 'The token in the fragment of the mailed link.' }) },
  { token: 'Ew3kYt0m3D0kq0yC8r9Jm1cJ7k8vXo2p5sQd6TzLh4A' },
)

export const EmailRequest = requestBody('EmailRequest', { email: Type.String() }, { email: 'ada@example.com' })

/** The answer of a route that checks a mailed link without consuming it. */
export const WorkingLink = named(
  'WorkingLink',
  Type.Object(
    {
      emailHint: Type.String({ description: 'The masked address that the link is for.' }),
      expiresAt: Type.String({ format: 'date-time' }),
    },
    { description: 'The link is valid.' },
  ),
)

export const EmailAnswer = named(
  'Email',
  Type.Object({ email: Type.String() }, { description: 'The current address of the account.' }),
)
