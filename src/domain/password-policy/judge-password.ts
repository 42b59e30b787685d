import type { Deps } from '../../deps.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { Refusal } from '../problems.ts'
import { type BrokenRule, brokenRules, type PasswordContext } from './password-policy.ts'

/** What is known about the person who chooses the password. */
export type PasswordOwner = Pick<PasswordContext, 'email' | 'isCurrent' | 'isRevoked'>

/** Every rule of this service that a new password breaks. The breach list is asked if one is configured. */
export async function judgePassword(
  deps: Deps,
  password: PlainPassword,
  owner: PasswordOwner = {},
): Promise<BrokenRule[]> {
  const isBreached = (await deps.breachList?.contains(password)) ?? false
  return brokenRules(password, { ...owner, preset: deps.config.passwordPreset, isBreached })
}

/** @throws {Refusal} password_policy, naming every broken rule of the field. */
export async function assertAcceptablePassword(
  deps: Deps,
  password: PlainPassword,
  field: string,
  owner: PasswordOwner,
): Promise<void> {
  const broken = await judgePassword(deps, password, owner)
  if (broken.length === 0) return
  throw new Refusal('password_policy', { violations: broken.map((rule) => ({ field, ...rule })) })
}
