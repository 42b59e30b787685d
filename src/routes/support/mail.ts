import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { listMailsOfAccount, listMailsToAddress } from '../../domain/support/mail/list-mails.ts'
import { readReceipt } from '../../domain/support/mail/read-receipt.ts'
import { example } from '../../http/openapi/example-values.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { NextCursor, pageIn, pageQuery, toCursor } from '../../http/paging.ts'
import { named, nullable, text, time, uuid } from '../../http/schemas.ts'
import { AccountParams, AddressParams, UNKNOWN_ACCOUNT } from '../../http/support-request.ts'

const MailedLink = named(
  'MailedLink',
  Type.Object(
    {
      expiresAt: time('When the link expires.'),
      checkedAt: nullable(time('When the page of the link was first opened. Null if it was not.')),
      usedAt: nullable(time('When the link was used. Null if it was not.')),
      endedAt: nullable(time('When the link stopped working. Null while it works.')),
      endReason: nullable(
        Type.String(),
        'Why the link no longer works: `used`; `replaced` by a newer link; `credentials_changed` since; `expired`; ' +
          '`account_disabled`; `cancelled` with the email change; or `ended_by_support`. Null while it works. New reasons may be added.',
      ),
    },
    { description: 'The state of a mailed link. The link itself is never shown.' },
  ),
)
const MailStep = named(
  'MailStep',
  Type.Object(
    {
      state: text('A state of the mail, or an event of the mail provider such as `processed` or `clicked`.'),
      at: time('When it happened.'),
      reason: nullable(Type.String(), 'The reason, if one is known.'),
    },
    { description: 'Something that happened to a mail or to its link.' },
  ),
)
const exampleMail = {
  id: '0198b7ca-0b3d-7f60-8e21-9a4c5d7e1f02',
  accountId: example.accountId,
  request: 'reset_password',
  kind: 'reset_password',
  address: example.email,
  receipt: example.receipt,
  state: 'delivered',
  reason: null,
  attempts: 1,
  queuedAt: '2026-03-02T10:02:07.140Z',
  sentAt: '2026-03-02T10:02:07.655Z',
  link: {
    expiresAt: '2026-03-02T10:32:07.402Z',
    checkedAt: null,
    usedAt: null,
    endedAt: null,
    endReason: null,
  },
  history: [
    { state: 'queued', at: '2026-03-02T10:02:07.140Z', reason: null },
    { state: 'sent', at: '2026-03-02T10:02:07.655Z', reason: null },
    { state: 'delivered', at: '2026-03-02T10:02:09.000Z', reason: null },
  ],
}
const Mail = named(
  'Mail',
  Type.Object(
    {
      id: uuid('The id of the mail.'),
      accountId: nullable(uuid('The account that the mail was for. Null if there is none.')),
      request: text('The mail that was requested, such as `reset_password`. New kinds may be added.'),
      kind: nullable(
        Type.String(),
        'The mail that was sent for the request. It can be another kind: a person who registers again gets a notice instead. Null if ' +
          'no mail was sent.',
      ),
      address: text('The address that the mail was sent to.'),
      receipt: nullable(Type.String(), 'The receipt that the person can read to Support. Null if the mail has none.'),
      state: Type.String({
        description:
          '`queued`, `sending`, `sent`, `deferred`, `delivered`, `opened`, `bounced`, `dropped`; `failed`: the provider rejected ' +
          'it; `held_back` by a limit; `no_account`; `not_needed`. A receipt also has `link_checked` and `link_used`. New states may be ' +
          'added.',
      }),
      reason: nullable(
        Type.String(),
        'The reason for the state, from the mail provider or from the service. For a queued mail: why the last attempt failed.',
      ),
      attempts: Type.Integer({ description: 'How often the service has tried to send the mail.' }),
      queuedAt: time('When the mail was requested.'),
      sentAt: nullable(time('When the mail provider accepted the mail. Null if it has not.')),
      link: nullable(MailedLink, 'The state of the link in the mail. Null if the mail has no link.'),
      history: Type.Array(MailStep, { description: 'Every step of the mail, the oldest first.' }),
    },
    { description: 'A mail, its state and its history.', examples: [exampleMail] },
  ),
)
const MailList = named(
  'MailList',
  Type.Object(
    { mails: Type.Array(Mail, { description: 'The newest mail first.' }), nextCursor: NextCursor },
    { description: 'Mails and their states.', examples: [{ mails: [exampleMail], nextCursor: null }] },
  ),
)
const PageQuery = Type.Object(pageQuery, { additionalProperties: false })

/** Routes that show the mails to an account or an address, and their states. */
export const supportMailRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/admin/users/:id/mail',
      {
        config: { caller: { scope: 'mail:read' }, refusals: [UNKNOWN_ACCOUNT] },
        schema: {
          operationId: 'listMails',
          tags: ['Support desk'],
          summary: 'List the mails to an account',
          description:
            'Shows what became of each mail, and whether its link still works. No text and no link is shown.',
          params: AccountParams,
          querystring: PageQuery,
          response: { 200: MailList },
        },
      },
      async (request) => {
        const { items, next } = await listMailsOfAccount(deps, request.params.id, pageIn(request.query))
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
        config: {
          caller: { scope: 'mail:read' },
          refusals: [
            { code: 'not_found', meaning: 'No request has this receipt, or its mail has been deleted since.' },
          ],
        },
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
