import type { Deps } from '../../deps.ts'
import { parseAddress } from '../../mail/email-address.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { judgePassword } from './judge-password.ts'
import { type BrokenRule, type PasswordRule, uncheckedRules } from './password-policy.ts'

/**
 * Judges a password while it is being typed, for a live checklist. An email address that is not complete yet is ignored.
 *
 * @returns the rules that the password breaks, and those that only the request that sets the password can judge.
 */
export async function checkPassword(
  deps: Deps,
  input: { password: PlainPassword; email: string | undefined },
): Promise<{ broken: BrokenRule[]; unchecked: PasswordRule[] }> {
  const typed = input.email === undefined ? null : parseAddress(input.email)
  const owner = typed ? { email: typed.email } : {}
  return { broken: await judgePassword(deps, input.password, owner), unchecked: uncheckedRules(owner) }
}
