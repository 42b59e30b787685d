import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import type { Requester } from '../../events/requester.ts'
import { Refusal } from '../../problems.ts'
import { readUser, type UserView } from '../users/user-view.ts'
import { insertUsers } from './insert-users.ts'
import { checkNewUser, type NewUserInput } from './new-user.ts'

/**
 * Creates one account for Support. No mail is sent. A person without a password needs reset instructions, which also
 * verify the address.
 *
 * @throws {Refusal} invalid_email, invalid_password_hash, invalid_request, email_unavailable
 */
export async function createUser(deps: Deps, input: { user: NewUserInput; by: Requester }): Promise<UserView> {
  const now = deps.clock.now()
  const user = checkNewUser(deps, input.user, now)
  await inTransaction(deps.db, async (tx) => {
    const created = await insertUsers(deps, tx, { users: [user], by: input.by, now })
    if (!created.has(user.id)) throw new Refusal('email_unavailable')
  })
  return readUser(deps, user.id)
}
