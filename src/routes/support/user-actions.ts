import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { eraseUser } from '../../domain/support/erasure/erase-user.ts'
import { endRevertLinks } from '../../domain/support/users/revert-links.ts'
import { revokeAllSessions } from '../../domain/support/users/revoke-all-sessions.ts'
import { sendResetInstructions } from '../../domain/support/users/send-reset-instructions.ts'
import { setDisabled } from '../../domain/support/users/set-disabled.ts'
import { named, requestBody } from '../../http/schemas.ts'
import { AccountParams, accountIdIn, requesterOf } from '../../http/support-request.ts'
import { User } from '../../http/support-schemas.ts'

const UpdateUserRequest = requestBody('UpdateUserRequest', { disabled: Type.Boolean() }, { disabled: true })
const InstructionsSent = named(
  'InstructionsSent',
  Type.Object(
    {
      status: Type.Literal('accepted'),
      receipt: Type.String({ description: 'GET /v1/admin/receipts/{receipt} shows the state of the mail.' }),
    },
    { description: 'The mail is queued.' },
  ),
)
const SessionsRevoked = named(
  'SessionsRevoked',
  Type.Object({ revoked: Type.Integer() }, { description: 'The number of revoked sessions.' }),
)

/** Routes that change an account for Support. The audit trail records each action and its service client. */
export const supportUserActionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.patch(
      '/v1/admin/users/:id',
      {
        config: { caller: { scope: 'users:write' }, refusals: ['not_found'] },
        schema: {
          operationId: 'updateUser',
          tags: ['Support desk'],
          summary: 'Disable or enable an account',
          description:
            'Disabling revokes every session and invalidates every mailed link, except revert links. Enabling sends the reset ' +
            'instructions that were withheld while the account was disabled.',
          params: AccountParams,
          body: UpdateUserRequest,
          response: { 200: User },
        },
      },
      async (request) => {
        const { disabled } = request.body
        return setDisabled(deps, { accountId: accountIdIn(request.params), disabled, by: requesterOf(request) })
      },
    )

    app.delete(
      '/v1/admin/users/:id',
      {
        config: { caller: { scope: 'users:delete' }, refusals: ['not_found'] },
        schema: {
          operationId: 'eraseUser',
          tags: ['Support desk'],
          summary: 'Erase an account',
          description:
            'Deletes the account at once. This cannot be undone. Its addresses stay locked and are stored as keyed hashes. All other ' +
            'data that names the person is erased in the background. When that is done, GET /v1/admin/users/{id}/events lists the ' +
            'event `account.erasure_completed`.',
          params: AccountParams,
          response: { 204: Type.Null({ description: 'The account is erased.' }) },
        },
      },
      async (request, reply) => {
        await eraseUser(deps, { accountId: accountIdIn(request.params), by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/v1/admin/users/:id/password-reset',
      {
        config: { caller: { scope: 'users:write' }, refusals: ['not_found', 'account_is_disabled'] },
        schema: {
          operationId: 'sendResetInstructions',
          tags: ['Support desk'],
          summary: 'Send reset instructions',
          description:
            'Mails a reset link to the current address of the account. The links that the person requested keep working. A service ' +
            'client can do this five times an hour for one account. Further requests get 429.',
          params: AccountParams,
          response: { 202: InstructionsSent },
        },
      },
      async (request, reply) => {
        const accountId = accountIdIn(request.params)
        const { receipt } = await sendResetInstructions(deps, { accountId, by: requesterOf(request) })
        return reply.code(202).send({ status: 'accepted', receipt })
      },
    )

    app.delete(
      '/v1/admin/users/:id/sessions',
      {
        config: { caller: { scope: 'users:write' }, refusals: ['not_found'] },
        schema: {
          operationId: 'revokeAllSessions',
          tags: ['Support desk'],
          summary: 'Revoke all sessions of an account',
          description: 'A pending email change is cancelled too.',
          params: AccountParams,
          response: { 200: SessionsRevoked },
        },
      },
      async (request) => revokeAllSessions(deps, { accountId: accountIdIn(request.params), by: requesterOf(request) }),
    )

    app.delete(
      '/v1/admin/users/:id/revert-links',
      {
        config: { caller: { scope: 'users:write' }, refusals: ['not_found'] },
        schema: {
          operationId: 'endRevertLinks',
          tags: ['Support desk'],
          summary: 'Invalidate the revert links of an account',
          description:
            'Do this if a revert link was mailed to somebody who is not the owner. The owner cannot invalidate a revert link. ' +
            'GET /v1/admin/users/{id} lists the links that work.',
          params: AccountParams,
          response: { 204: Type.Null({ description: 'No revert link of the account works any more.' }) },
        },
      },
      async (request, reply) => {
        await endRevertLinks(deps, { accountId: accountIdIn(request.params), by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
