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
      request: Type.String({ description: 'What was requested.' }),
      kind: Type.Union([Type.String(), Type.Null()], {
        description: 'What was sent for it. Null if nothing has been sent yet, or never will be.',
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
        description: 'What became of the link in the mail. The link itself is never shown.',
      }),
      history: Type.Array(Type.Object({ state: Type.String(), at: Time, reason: MaybeText }), {
        description: 'The oldest step first.',
      }),
    },
    { description: 'A mail, from the request to the mailbox.' },
  ),
)
const MailList = named(
  'MailList',
  Type.Object({ mails: Type.Array(Mail), nextCursor: NextCursor }, { description: 'Mails, the newest first.' }),
)
const PageQuery = Type.Object(pageQuery, { additionalProperties: false })

/** What became of a mail that a person is waiting for. */
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
          summary: 'List every mail to an account, and what became of it.',
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
          summary: 'List every mail to an address, with or without an account.',
          description: 'For a person who has registered and waits for the mail: they have no account yet.',
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
          summary: 'See what became of the request that a receipt names.',
          params: Type.Object({
            receipt: Type.String({
              description:
                'As the person reads it out: upper or lower case, with or without hyphens. O is read as 0, I and L as 1.',
            }),
          }),
          response: { 200: Mail },
        },
      },
      async (request) => readReceipt(deps, request.params.receipt),
    )
  }
