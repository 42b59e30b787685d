import { Type } from '@fastify/type-provider-typebox'
import { named, requestBody } from './schemas.ts'

/** A time that the serializer writes in RFC 3339. */
export const Time = Type.Unsafe<Date>({ type: 'string', format: 'date-time' })
export const MaybeTime = Type.Union([Time, Type.Null()])
export const MaybeText = Type.Union([Type.String(), Type.Null()])

/** The fields of a new account: one line of an import file, and the body of its route. */
export const newUserFields = {
  email: Type.String(),
  passwordHash: Type.Optional(
    Type.String({
      description: 'A bcrypt hash ($2a$, $2b$ or $2y$) with a cost from 4 to 15. It is upgraded at the next sign-in.',
    }),
  ),
  emailVerified: Type.Optional(
    Type.Boolean({ description: 'Whether the address is already verified. Default: false.' }),
  ),
  disabled: Type.Optional(Type.Boolean({ description: 'Create the account disabled. Default: false.' })),
  createdAt: Type.Optional(Type.String({ description: 'An RFC 3339 time. Default: now.' })),
  locale: Type.Optional(Type.String({ description: 'The language of mails to the person: a BCP 47 tag.' })),
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
      hasPassword: Type.Boolean({
        description: 'If false, no password works until the person sets one with a mailed link.',
      }),
      passwordChangedAt: MaybeTime,
      disabled: Type.Boolean(),
      disabledAt: MaybeTime,
      createdAt: Time,
      locale: Type.Union([Type.String(), Type.Null()], {
        description: 'The language of mails to the person: a BCP 47 tag. Null if it is not known.',
      }),
      activeSessions: Type.Integer(),
      addresses: Type.Array(
        Type.Object({
          address: Type.String(),
          state: Type.Union([Type.Literal('in_use'), Type.Literal('locked')]),
          lockedAt: MaybeTime,
          reason: MaybeText,
        }),
        { description: 'The address that the account uses, and the locked addresses that it has used.' },
      ),
      signIn: Type.Object(
        {
          blockedUntil: Type.Union([Time, Type.Null()], {
            description: 'When the last block on sign-in attempts ends. Null if no attempts are blocked.',
          }),
          failures: Type.Integer({ description: 'The number of wrong passwords that are counted at present.' }),
        },
        {
          description:
            'Whether sign-in attempts are blocked for a time. The owner may still be able to sign in from a network that the account ' +
            'has used before.',
        },
      ),
      revertLinks: Type.Array(Type.Object({ address: Type.String(), expiresAt: Time }), {
        description:
          'The revert links that work. Each was mailed to `address`, would restore it, and works until `expiresAt`.',
      }),
    },
    { description: 'The account as Support sees it.' },
  ),
)
