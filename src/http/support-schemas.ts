import { example } from './openapi/example-values.ts'
import { Type } from './openapi/schema-types.ts'
import { named, nullable, oneOfTexts, requestBody, text, time, timeText, uuid } from './schemas.ts'

/** The fields of a new account: one line of an import file, and the body of its route. */
export const newUserFields = {
  email: text('The email address.'),
  passwordHash: Type.Optional(
    Type.String({
      description: 'A bcrypt hash ($2a$, $2b$ or $2y$) with a cost from 4 to 15. It is upgraded at the next sign-in.',
    }),
  ),
  emailVerified: Type.Optional(
    Type.Boolean({ description: 'Whether the address is already verified. Default: false.' }),
  ),
  disabled: Type.Optional(Type.Boolean({ description: 'Create the account disabled. Default: false.' })),
  createdAt: Type.Optional(
    timeText('When the account was created, if it comes from another system: between 1970 and now. Default: now.'),
  ),
  locale: Type.Optional(text('The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`.')),
}

export const NewUserRequest = requestBody('NewUserRequest', newUserFields, {
  email: example.email,
  passwordHash: '$2b$12$LJ3m4ys3Lk0TSwHFnq1vUeyV8nTQz8cJ9wC0mMHVmGRVqVq9rPTTC',
  emailVerified: true,
})

export const exampleUser = {
  id: example.accountId,
  email: example.email,
  emailVerified: true,
  pendingEmail: null,
  hasPassword: true,
  passwordChangedAt: null,
  disabled: false,
  disabledAt: null,
  createdAt: '2025-11-23T16:04:51.702Z',
  locale: 'en-GB',
  activeSessions: 1,
  addresses: [
    { address: example.email, state: 'in_use', lockedAt: null, reason: null },
    { address: 'ada@old.example', state: 'locked', lockedAt: '2026-01-17T11:02:40.019Z', reason: 'email_changed' },
  ],
  signIn: { blockedUntil: null, failures: 0 },
  revertLinks: [],
}

const HeldAddressState = oneOfTexts(
  'HeldAddressState',
  ['in_use', 'locked'],
  '`in_use`: the current address of the account. `locked`: an earlier address.',
)
const HeldAddress = named(
  'HeldAddress',
  Type.Object(
    {
      address: text('The address in its normalised form.'),
      state: HeldAddressState,
      lockedAt: nullable(time('When the address was locked. Null for the current address.')),
      reason: nullable(
        Type.String(),
        'Why the address is locked: `email_changed` or `email_reverted`. Null for the current address.',
      ),
    },
    { description: 'An address that the account uses or has used.' },
  ),
)
const SignInState = named(
  'SignInState',
  Type.Object(
    {
      blockedUntil: nullable(time('When the last block on sign-in attempts ends. Null if no attempts are blocked.')),
      failures: Type.Integer({ description: 'The number of wrong passwords that are counted at present.' }),
    },
    {
      description:
        'Whether sign-in attempts are blocked for a time. The owner may still be able to sign in from a network that the account ' +
        'has used before.',
    },
  ),
)
const RevertLink = named(
  'RevertLink',
  Type.Object(
    {
      address: text('The address that the link was mailed to, and that it would restore.'),
      expiresAt: time('When the link expires.'),
    },
    { description: 'A revert link that works.' },
  ),
)

export const User = named(
  'User',
  Type.Object(
    {
      id: uuid('The id of the account.'),
      email: text('The current address.'),
      emailVerified: Type.Boolean({
        description: 'Whether the person has proven that they receive mail at the address.',
      }),
      pendingEmail: nullable(
        Type.String(),
        'The new address of the pending email change. Null if no change is pending.',
      ),
      hasPassword: Type.Boolean({
        description: 'If false, no password works until the person sets one with a mailed link.',
      }),
      passwordChangedAt: nullable(time('When the password was last changed or reset. Null if it never was.')),
      disabled: Type.Boolean({
        description: 'Whether Support has disabled the account. Nobody can sign in to it then.',
      }),
      disabledAt: nullable(time('When the account was disabled. Null if it is not disabled.')),
      createdAt: time('When the account was created.'),
      locale: nullable(Type.String(), 'The language of mails to the person: a BCP 47 tag. Null if it is not known.'),
      activeSessions: Type.Integer({ description: 'The number of open sessions.' }),
      addresses: Type.Array(HeldAddress, {
        description: 'The address that the account uses, and the locked addresses that it has used.',
      }),
      signIn: SignInState,
      revertLinks: Type.Array(RevertLink, { description: 'The revert links that work.' }),
    },
    { description: 'The account as Support sees it.', examples: [exampleUser] },
  ),
)
