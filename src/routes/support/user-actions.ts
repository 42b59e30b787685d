import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { eraseUser } from '../../domain/support/erasure/erase-user.ts'
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
      receipt: Type.String({ description: 'Leads to what became of the mail: GET /v1/admin/receipts/{receipt}.' }),
    },
    { description: 'The mail is queued.' },
  ),
)
const SessionsRevoked = named(
  'SessionsRevoked',
  Type.Object({ revoked: Type.Integer() }, { description: 'How many sessions ended.' }),
)

/** What Support does to an account. Each is in its audit trail, with the service client that asked. */
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
          summary: 'Disable an account, which ends all its sessions and links at once, or enable it again.',
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
          summary: 'Erase a person. The addresses stay locked, as keyed hashes; nothing brings the account back.',
          params: AccountParams,
          response: { 204: Type.Null({ description: 'Erased.' }) },
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
        config: { caller: { scope: 'users:write' }, refusals: ['not_found'] },
        schema: {
          operationId: 'sendResetInstructions',
          tags: ['Support desk'],
          summary: 'Send reset instructions again, to the address the account has.',
          description: 'Never held back by a limit. Of more than three links that live, the oldest die.',
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
          summary: 'Sign an account out everywhere.',
          params: AccountParams,
          response: { 200: SessionsRevoked },
        },
      },
      async (request) => revokeAllSessions(deps, { accountId: accountIdIn(request.params), by: requesterOf(request) }),
    )
  }
