import type { Account } from '../../database/generated/client.ts'
import type { Deps } from '../../deps.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import type { Origin } from '../events/record-event.ts'
import type { PasswordOwner } from '../password-policy/judge-password.ts'
import { hashInTurn } from '../throttle/hash-in-turn.ts'

/**
 * Compares a new password with those that the account must not get again: the current one, and those that a revert has
 * revoked because a thief may know them. Costs one comparison for each.
 */
export async function compareWithEarlier(
  deps: Deps,
  input: {
    account: Pick<Account, 'id' | 'passwordHash' | 'revokedPasswordHashes'> | null
    newPassword: PlainPassword
    origin: Origin
  },
): Promise<Pick<PasswordOwner, 'isCurrent' | 'isRevoked'>> {
  const { account, newPassword, origin } = input
  if (!account) return {}
  const { id, passwordHash, revokedPasswordHashes } = account
  const current = deps.passwords.read(passwordHash, id)
  const revoked = revokedPasswordHashes.flatMap((hash) => deps.passwords.read(hash, id) ?? [])
  if (current === null && revoked.length === 0) return {}
  return hashInTurn(deps, origin, async (place) => ({
    isCurrent: current !== null && (await deps.passwords.matches(place, newPassword, current)),
    isRevoked: revoked.length > 0 && (await deps.passwords.firstMatch(place, newPassword, revoked)) >= 0,
  }))
}
