import type { Static, TSchema } from 'typebox'
import { example } from './openapi/example-values.ts'
import { Type } from './openapi/schema-types.ts'

/** The named schemas of openapi.yaml, in the order of their declaration. They are registered before any route. */
export const components: Array<TSchema & { $id: string }> = []

/**
 * Declares a schema under the name that generated clients will give it, and returns the reference to use in a route. Every
 * object and every list of allowed texts needs a name: a generator invents one for a schema that has none.
 */
export function named<Schema extends TSchema>(name: string, schema: Schema) {
  components.push(Object.assign(schema, { $id: name }))
  const { description } = schema as { description?: string }
  return Type.Unsafe<Static<Schema>>({ $ref: `${name}#`, ...(description === undefined ? {} : { description }) })
}

/**
 * Declares a request body with exactly these fields. An unknown field is refused rather than ignored, so that the
 * caller notices the mistake.
 */
export function requestBody<Fields extends Record<string, TSchema>>(
  name: string,
  fields: Fields,
  ...examples: [object, ...object[]]
) {
  return named(name, Type.Object(fields, { additionalProperties: false, examples }))
}

/** A text of a closed list. TypeBox would write a union of literals as `anyOf`, of which some generators make a type per text. */
export function oneOfTexts<const Values extends readonly string[]>(name: string, values: Values, description: string) {
  return named(name, Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], description }))
}

/**
 * The schema or null, in the form that all generators read: `type: [T, 'null']`, and for a named schema `oneOf` of the
 * reference and null. TypeBox would write `anyOf`.
 */
export function nullable<Schema extends TSchema>(schema: Schema, description?: string) {
  const described = description === undefined ? {} : { description }
  const { $ref, type } = schema as { $ref?: string; type?: string }
  const form = $ref === undefined ? { ...schema, type: [type, 'null'] } : { oneOf: [{ $ref }, { type: 'null' }] }
  return Type.Unsafe<Static<Schema> | null>({ ...form, ...described })
}

export const text = (description: string) => Type.String({ description })
export const password = (description: string) => Type.String({ format: 'password', description })
export const uuid = (description: string) => Type.String({ format: 'uuid', description })
/** A time that the route has written in RFC 3339. */
export const timeText = (description: string) => Type.String({ format: 'date-time', description })
/** A time that the serializer writes in RFC 3339. */
export const time = (description: string) => Type.Unsafe<Date>({ type: 'string', format: 'date-time', description })

export const Violation = named(
  'Violation',
  Type.Object(
    {
      field: text('The field of the request, such as `email`. Nested names are joined with dots.'),
      rule: text(
        'The rule that the field breaks: a rule of the password policy, such as `min_length`, or a check of the request, such as ' +
          '`required`, `unknown`, `type` or `format`. New rules may be added.',
      ),
      message: text('What is wrong, in one sentence that may be shown to a person beside the field.'),
    },
    { description: 'A rule that a field of the request breaks.' },
  ),
)

named(
  'Problem',
  Type.Object(
    {
      type: text('The `code` as a URN.'),
      title: text('A few words that name the problem. They may be shown to a person.'),
      status: Type.Integer({ description: 'The HTTP status of the response.' }),
      detail: text(
        'What happened and what to do next, in plain English that may be shown to a person. The words can change; do not compare them.',
      ),
      code: text(
        'The stable code of the problem, by which programs decide. Each operation lists the codes that it answers with. New codes may ' +
          'be added: treat a code that you do not know by its HTTP status.',
      ),
      instance: text('The id of the request, which Support asks for. The `X-Request-Id` header has the same value.'),
      violations: Type.Optional(
        Type.Array(Violation, { description: 'Every rule that the request breaks, for a form that marks its fields.' }),
      ),
      retryAfter: Type.Optional(
        Type.Integer({
          description: 'Seconds to wait before the next attempt. The `Retry-After` header has the same value.',
        }),
      ),
      support: Type.Optional(
        text('How to contact Support. It is present if `detail` asks the person to contact Support.'),
      ),
    },
    { description: 'An error, as a problem document (RFC 9457).' },
  ),
)

export const Tokens = named(
  'Tokens',
  Type.Object(
    {
      accessToken: text(
        'A JWT (RFC 9068). Send it in the header `Authorization: Bearer`. Treat it as opaque: ask `GET /v1/me` about the account.',
      ),
      tokenType: Type.Literal('Bearer', { description: 'Always `Bearer`.' }),
      expiresIn: Type.Integer({
        description: 'Seconds until the access token expires. Refresh the session shortly before.',
      }),
      refreshToken: text(
        'A single-use token for `POST /v1/token/refresh`. Store it where no other program can read it: it keeps the session open.',
      ),
      refreshExpiresIn: Type.Integer({
        description:
          'Seconds until the session expires and the person must sign in again. Refreshing does not extend it.',
      }),
      sessionId: uuid('The id of the session, as in `GET /v1/sessions`.'),
    },
    {
      description: 'The tokens of the session.',
      examples: [
        {
          accessToken: example.accessToken,
          tokenType: 'Bearer',
          expiresIn: 300,
          refreshToken: example.refreshToken,
          refreshExpiresIn: 2_592_000,
          sessionId: example.sessionId,
        },
      ],
    },
  ),
)

/** The body of every route that takes a mailed token. */
export const TokenRequest = requestBody(
  'TokenRequest',
  { token: text('The token in the fragment of the mailed link.') },
  { token: example.mailedToken },
)

export const EmailRequest = requestBody(
  'EmailRequest',
  { email: text('The email address. Spaces around it are ignored.') },
  { email: example.email },
)

/** The answer of a route that checks a mailed link without consuming it. */
export const WorkingLink = named(
  'WorkingLink',
  Type.Object(
    {
      emailHint: text('The address that the link is for, with most of its characters hidden.'),
      expiresAt: timeText('When the link expires.'),
    },
    {
      description: 'The link works.',
      examples: [{ emailHint: 'a•••@example.com', expiresAt: '2026-03-02T09:45:12.318Z' }],
    },
  ),
)

export const EmailAnswer = named(
  'Email',
  Type.Object(
    { email: text('The current address of the account.') },
    { description: 'The current address of the account.', examples: [{ email: example.email }] },
  ),
)

const Receipt = text(
  'A code that the person can read to Support. With it, `GET /v1/admin/receipts/{receipt}` shows what became of the request.',
)

export const Accepted = named(
  'Accepted',
  Type.Object(
    { status: Type.Literal('accepted', { description: 'Always `accepted`.' }), receipt: Receipt },
    {
      description: 'The request is recorded. A mail follows if there is a reason to send one.',
      examples: [{ status: 'accepted', receipt: example.receipt }],
    },
  ),
)

export const VerificationSent = named(
  'VerificationSent',
  Type.Object(
    { status: Type.Literal('verification_sent', { description: 'Always `verification_sent`.' }), receipt: Receipt },
    {
      description: 'The registration is recorded, and a mail follows. The answer is the same for every address.',
      examples: [{ status: 'verification_sent', receipt: example.receipt }],
    },
  ),
)

export const SessionsRevoked = named(
  'SessionsRevoked',
  Type.Object(
    { revoked: Type.Integer({ description: 'The number of sessions that were revoked.' }) },
    { description: 'The sessions are revoked.', examples: [{ revoked: 2 }] },
  ),
)
