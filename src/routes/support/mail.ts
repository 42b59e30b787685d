import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listMailsOfAccount, listMailsToAddress } from '../../domain/support/mail/list-mails.ts'
import { readReceipt } from '../../domain/support/mail/read-receipt.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named } from '../../http/schemas.ts'
import { AccountParams, AddressParams, accountIdIn } from '../../http/support-request.ts'
import { MaybeText, MaybeTime, Time } from '../../http/support-schemas.ts'

const Link = Type.Object({
  expiresAt: Time,
  checkedAt: MaybeTime,
  usedAt: MaybeTime,
  endedAt: Type.Union([Time, Type.Null()], { description: 'When the link stopped working. Null while it works.' }),
  endReason: Type.Union([Type.String(), Type.Null()], {
    description:
      'Why the link no longer works: `used`; `replaced` by a newer link; `credentials_changed` since; `expired`; ' +
      '`account_disabled`; `cancelled` with the email change; or `ended_by_support`. Null while it works.',
  }),
})
const Mail = named(
  'Mail',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      accountId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()]),
      request: Type.String({ description: 'The mail that was requested.' }),
      kind: Type.Union([Type.String(), Type.Null()], {
        description: 'The mail that was sent for the request. Null if no mail was sent.',
      }),
      address: Type.String(),
      receipt: MaybeText,
      state: Type.String({
        description:
          '`queued`, `sending`, `sent`, `deferred`, `delivered`, `opened`, `bounced`, `dropped`; `failed`: the provider rejected ' +
          'it; `held_back` by a limit; `no_account`; `not_needed`. A receipt also has `link_checked` and `link_used`.',
      }),
      reason: Type.Union([Type.String(), Type.Null()], {
        description: 'The provider’s or our own reason for the state. For a queued mail: why the last attempt failed.',
      }),
      attempts: Type.Integer(),
      queuedAt: Time,
      sentAt: MaybeTime,
      link: Type.Union([Link, Type.Null()], {
        description: 'The state of the link in the mail. The link itself is never shown.',
      }),
      history: Type.Array(Type.Object({ state: Type.String(), at: Time, reason: MaybeText }), {
        description: 'Every step of the mail, the oldest first.',
      }),
    },
    { description: 'A mail, its state and its history.' },
  ),
)
const MailList = named(
  'MailList',
  Type.Object({ mails: Type.Array(Mail), nextCursor: NextCursor }, { description: 'Mails, the newest first.' }),
)
const PageQuery = Type.Object(pageQuery, { additionalProperties: false })

/** Routes that show the mails to an account or an address, and their states. */
export const supportMailRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/users/:id/mail',
      {
        config: { caller: { scope: 'mail:read' }, refusals: ['not_found'] },
        schema: {
          operationId: 'listMails',
          tags: ['Support desk'],
          summary: 'List the mails to an account',
          params: AccountParams,
          querystring: PageQuery,
          response: { 200: MailList },
        },
      },
      async (request) => {
        const { items, next } = await listMailsOfAccount(deps, accountIdIn(request.params), pageIn(request.query))
        return { mails: items, nextCursor: toCursor(next) }
      },
    )

    app.get(
      '/v1/admin/addresses/:email/mail',
      {
        config: { caller: { scope: 'mail:read' }, refusals: ['invalid_email'] },
        schema: {
          operationId: 'listMailsToAddress',
          tags: ['Support desk'],
          summary: 'List the mails to an address',
          description:
            'The address does not need an account. Use this for a person who has registered and has not received the mail.',
          params: AddressParams,
          querystring: PageQuery,
          response: { 200: MailList },
        },
      },
      async (request) => {
        const { items, next } = await listMailsToAddress(deps, request.params.email, pageIn(request.query))
        return { mails: items, nextCursor: toCursor(next) }
      },
    )

    app.get(
      '/v1/admin/receipts/:receipt',
      {
        config: { caller: { scope: 'mail:read' }, refusals: ['not_found'] },
        schema: {
          operationId: 'readReceipt',
          tags: ['Support desk'],
          summary: 'Retrieve a mail by its receipt',
          description: 'Returns the mail for the request that the receipt belongs to.',
          params: Type.Object({
            receipt: Type.String({
              description:
                'The receipt in upper or lower case, with or without hyphens. O is read as 0, and I and L are read as 1.',
            }),
          }),
          response: { 200: Mail },
        },
      },
      async (request) => readReceipt(deps, request.params.receipt),
    )
  }
