import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'
import { changeLocale } from '../domain/accounts/change-locale.ts'
import { type AccountView, readAccount } from '../domain/accounts/read-account.ts'
import { principalOf } from '../http/caller.ts'
import { originOf } from '../http/request-log.ts'
import { named, requestBody } from '../http/schemas.ts'

const Account = named(
  'Account',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      email: Type.String(),
      emailVerified: Type.Boolean(),
      pendingEmail: Type.Union([Type.String(), Type.Null()], {
        description: 'The new address of the pending email change. Null if no change is pending.',
      }),
      createdAt: Type.String({ format: 'date-time' }),
      passwordChangedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
      locale: Type.Union([Type.String(), Type.Null()], {
        description:
          'The language of mails to the person: a BCP 47 tag, such as `de` or `en-GB`. If it is null, the language of a mail comes ' +
          'from the `Accept-Language` header of the request that causes it.',
      }),
    },
    { description: 'The account of the signed-in person.' },
  ),
)
const UpdateAccountRequest = requestBody(
  'UpdateAccountRequest',
  {
    locale: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description:
        'A BCP 47 tag, such as `de` or `en-GB`. With null, the language comes from the `Accept-Language` header again.',
    }),
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
          description: 'Returns the account that the access token belongs to.',
          response: { 200: Account },
        },
      },
      async (request) => toAccount(await readAccount(deps, principalOf(request))),
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

function toAccount({ createdAt, passwordChangedAt, ...account }: AccountView) {
  return {
    ...account,
    createdAt: createdAt.toISOString(),
    passwordChangedAt: passwordChangedAt?.toISOString() ?? null,
  }
}
