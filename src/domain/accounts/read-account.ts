import { type OwnAccount, readOwnAccount } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

export type AccountView = OwnAccount

/**
 * The account of a signed-in person, as they see it.
 *
 * @throws {Refusal} unauthenticated if the account has been erased at this moment.
 */
export async function readAccount(deps: Deps, principal: Principal): Promise<AccountView> {
  const account = await readOwnAccount(deps.pool, principal.accountId, deps.clock.now())
  if (!account) throw new Refusal('unauthenticated')
  return account
}
