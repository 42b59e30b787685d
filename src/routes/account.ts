import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { changeLocale } from '../domain/accounts/change-locale.ts'
import type { Principal } from '../domain/principals.ts'
import { principalOf } from '../http/caller.ts'
import { example } from '../http/openapi/example-values.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { originOf } from '../http/request-log.ts'
import { named, nullable, requestBody, text, timeText, uuid } from '../http/schemas.ts'

const Account = named(
  'Account',
  Type.Object(
    {
      id: uuid('The id of the account. It never changes: store this id, and not the address, with your own data.'),
      email: text('The current address.'),
      emailVerified: Type.Boolean({
        description: 'Whether the person has proven that they receive mail at the address.',
      }),
      pendingEmail: nullable(
        Type.String(),
        'The new address of the pending email change. Null if no change is pending.',
      ),
      createdAt: timeText('When the account was created.'),
      passwordChangedAt: nullable(
        Type.String({ format: 'date-time' }),
        'When the password was last changed or reset. Null if it never was.',
      ),
      locale: nullable(
        Type.String(),
        'The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`. If it is null, the language of a mail comes from ' +
          'the `Accept-Language` header of the request that causes it.',
      ),
    },
    {
      description: 'The account of the signed-in person.',
      examples: [
        {
          id: example.accountId,
          email: example.email,
          emailVerified: true,
          pendingEmail: example.newEmail,
          createdAt: '2025-11-23T16:04:51.702Z',
          passwordChangedAt: null,
          locale: 'en-GB',
        },
      ],
    },
  ),
)
const UpdateAccountRequest = requestBody(
  'UpdateAccountRequest',
  {
    locale: nullable(
      Type.String(),
      'A BCP 47 tag, such as `de` or `en-GB`. With null, the language comes from the `Accept-Language` header again.',
    ),
  },
  { locale: 'de' },
)

/** Routes that return and change the caller's account. */
export const accountRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/me',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'readAccount',
          tags: ['Account'],
          summary: 'Retrieve the account',
          description:
            'Returns the account that the access token belongs to. Call it after sign-in, and again after an email change.',
          response: { 200: Account },
        },
      },
      async (request) => toAccount(principalOf(request).account),
    )

    app.patch(
      '/v1/me',
      {
        config: { caller: 'account' },
        schema: {
          operationId: 'updateAccount',
          tags: ['Account'],
          summary: 'Change the language of mails',
          description:
            'Sets the language in which mails to the person are written. If there are no texts in this language, they are written in the ' +
            'default language of the service.',
          body: UpdateAccountRequest,
          response: { 200: Account },
        },
      },
      async (request) => {
        const { locale } = request.body
        const origin = originOf(request)
        return toAccount(await changeLocale(deps, { principal: principalOf(request), locale, origin }))
      },
    )
  }

function toAccount(account: Principal['account']) {
  const { id, email, emailVerified, pendingEmail, locale } = account
  return {
    id,
    email,
    emailVerified,
    pendingEmail,
    createdAt: account.createdAt.toISOString(),
    passwordChangedAt: account.passwordChangedAt?.toISOString() ?? null,
    locale,
  }
}
