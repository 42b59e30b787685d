import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listMails } from '../../domain/support/list-mails.ts'
import { readReceipt } from '../../domain/support/read-receipt.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named } from '../../http/schemas.ts'
import { AccountParams, accountIdIn } from '../../http/support-request.ts'
import { MaybeText, MaybeTime, Time } from '../../http/support-schemas.ts'

const Mail = named(
  'Mail',
  Type.Object(
    {
      id: Type.String({ format: 'uuid' }),
      accountId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()]),
      request: Type.String({ description: 'What was asked for.' }),
      kind: Type.Union([Type.String(), Type.Null()], {
        description: 'What was sent for it; null: nothing yet, or never.',
      }),
      address: Type.String(),
      receipt: MaybeText,
      state: Type.String({
        description:
          '`queued`, `sending`, `sent`, `deferred`, `delivered`, `opened`, `bounced`, `dropped`; `failed`: the provider will not ' +
          'take it; `held_back`: by a limit; `no_account`; `not_needed`; for a receipt also `link_checked` and `link_used`.',
      }),
      reason: Type.Union([Type.String(), Type.Null()], {
        description: 'The provider’s reason for the state, or ours; of a queued one, why the last try failed.',
      }),
      attempts: Type.Integer(),
      queuedAt: Time,
      sentAt: MaybeTime,
      link: Type.Union([Type.Object({ expiresAt: Time, checkedAt: MaybeTime, usedAt: MaybeTime }), Type.Null()], {
        description: 'What became of the link in it, never the link.',
      }),
      history: Type.Array(Type.Object({ state: Type.String(), at: Time, reason: MaybeText }), {
        description: 'The oldest first.',
      }),
    },
    { description: 'A mail from the request to the inbox.' },
  ),
)
const MailList = named(
  'MailList',
  Type.Object({ mails: Type.Array(Mail), nextCursor: NextCursor }, { description: 'The newest first.' }),
)

/** "No mail came": what became of it. */
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
          summary: 'List every mail to an account and what became of it.',
          params: AccountParams,
          querystring: Type.Object(pageQuery, { additionalProperties: false }),
          response: { 200: MailList },
        },
      },
      async (request) => {
        const { items, next } = await listMails(deps, accountIdIn(request.params), pageIn(request.query))
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
          summary: 'See what became of the request a receipt names, as a person read it out.',
          params: Type.Object({
            receipt: Type.String({
              description: 'In any case, with or without hyphens; O is read as 0, I and L as 1.',
            }),
          }),
          response: { 200: Mail },
        },
      },
      async (request) => readReceipt(deps, request.params.receipt),
    )
  }
