import { Type } from '@fastify/type-provider-typebox'
import { named, requestBody } from './schemas.ts'

/** A time that the serializer writes in RFC 3339. */
export const Time = Type.Unsafe<Date>({ type: 'string', format: 'date-time' })
export const MaybeTime = Type.Union([Time, Type.Null()])
export const MaybeText = Type.Union([Type.String(), Type.Null()])

/** One line of an import file, and the body of its route. */
export const newUserFields = {
  email: Type.String(),
  passwordHash: Type.Optional(
    Type.String({ description: 'bcrypt: $2a$, $2b$ or $2y$, of a cost from 4 to 15. Upgraded at the next sign-in.' }),
  ),
  emailVerified: Type.Optional(
    Type.Boolean({ description: 'Whether the address is proven already. Where it is left out: no.' }),
  ),
  disabled: Type.Optional(Type.Boolean({ description: 'Shut from the start. Where it is left out: no.' })),
  createdAt: Type.Optional(Type.String({ description: 'RFC 3339. Where it is left out: now.' })),
}

export const NewUserRequest = requestBody('NewUserRequest', newUserFields, {
  email: 'ada@example.com',
  passwordHash: '$2b$12$LJ3m4ys3Lk0TSwHFnq1vUeyV8nTQz8cJ9wC0mMHVmGRVqVq9rPTTC',
  emailVerified: true,
})

export const User = named(
  'User',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      email: Type.String(),
      emailVerified: Type.Boolean(),
      pendingEmail: MaybeText,
      hasPassword: Type.Boolean({ description: 'False: none works until one is set through a mailed link.' }),
      passwordChangedAt: MaybeTime,
      disabled: Type.Boolean(),
      disabledAt: MaybeTime,
      createdAt: Time,
      activeSessions: Type.Integer(),
      addresses: Type.Array(
        Type.Object({
          address: Type.String(),
          state: Type.Union([Type.Literal('in_use'), Type.Literal('locked')]),
          lockedAt: MaybeTime,
          reason: MaybeText,
        }),
        { description: 'The current one, and those the account left and nobody else may have.' },
      ),
    },
    { description: 'An account as Support sees it.' },
  ),
)
