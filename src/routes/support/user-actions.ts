import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { eraseUser } from '../../domain/support/erasure/erase-user.ts'
import { endRevertLinks } from '../../domain/support/users/revert-links.ts'
import { revokeAllSessions } from '../../domain/support/users/revoke-all-sessions.ts'
import { sendResetInstructions } from '../../domain/support/users/send-reset-instructions.ts'
import { setDisabled } from '../../domain/support/users/set-disabled.ts'
import { Type } from '../../http/openapi/schema-types.ts'
import { Accepted, requestBody, SessionsRevoked } from '../../http/schemas.ts'
import { AccountParams, requesterOf, UNKNOWN_ACCOUNT } from '../../http/support-request.ts'
import { User } from '../../http/support-schemas.ts'

const UpdateUserRequest = requestBody(
  'UpdateUserRequest',
  { disabled: Type.Boolean({ description: 'True disables the account, false enables it.' }) },
  { disabled: true },
)

/** Routes that change an account for Support. The audit trail records each action and its service client. */
export const supportUserActionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.patch(
      '/v1/admin/users/:id',
      {
        config: { caller: { scope: 'users:write' }, refusals: [UNKNOWN_ACCOUNT] },
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
        return setDisabled(deps, { accountId: request.params.id, disabled, by: requesterOf(request) })
      },
    )

    app.delete(
      '/v1/admin/users/:id',
      {
        config: { caller: { scope: 'users:delete' }, refusals: [UNKNOWN_ACCOUNT] },
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
        await eraseUser(deps, { accountId: request.params.id, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/v1/admin/users/:id/password-reset',
      {
        config: { caller: { scope: 'users:write' }, refusals: [UNKNOWN_ACCOUNT, 'account_is_disabled'] },
        schema: {
          operationId: 'sendResetInstructions',
          tags: ['Support desk'],
          summary: 'Send reset instructions',
          description:
            'Mails a reset link to the current address of the account. The links that the person requested keep working. A service ' +
            'client can do this five times an hour for one account. Further requests get 429.',
          params: AccountParams,
          response: { 202: Accepted },
        },
      },
      async (request, reply) => {
        const accountId = request.params.id
        const { receipt } = await sendResetInstructions(deps, { accountId, by: requesterOf(request) })
        return reply.code(202).send({ status: 'accepted', receipt })
      },
    )

    app.delete(
      '/v1/admin/users/:id/sessions',
      {
        config: { caller: { scope: 'users:write' }, refusals: [UNKNOWN_ACCOUNT] },
        schema: {
          operationId: 'revokeAllSessions',
          tags: ['Support desk'],
          summary: 'Revoke all sessions of an account',
          description: 'Signs the person out on every device. A pending email change is cancelled too.',
          params: AccountParams,
          response: { 200: SessionsRevoked },
        },
      },
      async (request) => revokeAllSessions(deps, { accountId: request.params.id, by: requesterOf(request) }),
    )

    app.delete(
      '/v1/admin/users/:id/revert-links',
      {
        config: { caller: { scope: 'users:write' }, refusals: [UNKNOWN_ACCOUNT] },
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
        await endRevertLinks(deps, { accountId: request.params.id, by: requesterOf(request) })
        return reply.code(204).send(null)
      },
    )
  }
