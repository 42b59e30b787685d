import type { PasswordPreset } from '../../config/config.ts'
import { MAX_PASSWORD_LENGTH, type PlainPassword } from '../../security/plain-password.ts'
import { Refusal } from '../problems.ts'

export type PasswordRule =
  | 'min_length'
  | 'max_length'
  | 'uppercase'
  | 'lowercase'
  | 'number'
  | 'special'
  | 'not_email'
  | 'not_current'
  | 'not_breached'

export interface PasswordPolicy {
  readonly minLength: number
  readonly maxLength: number
  readonly rules: ReadonlyArray<{
    readonly rule: PasswordRule
    readonly description: string
    /** `check`: `POST /v1/password/check` can judge the rule. `save`: only the request that sets the password can. */
    readonly checkedBy: 'check' | 'save'
  }>
}

type CharacterRule = { rule: PasswordRule; description: string; isMet: (text: string) => boolean }

/** Letters and digits of any script, by Unicode category. A space or an emoji is neither, and counts as special. */
const COMPOSITION: readonly CharacterRule[] = [
  { rule: 'uppercase', description: 'At least one upper-case letter.', isMet: (text) => /\p{Lu}/u.test(text) },
  { rule: 'lowercase', description: 'At least one lower-case letter.', isMet: (text) => /\p{Ll}/u.test(text) },
  { rule: 'number', description: 'At least one number.', isMet: (text) => /\p{Nd}/u.test(text) },
  {
    rule: 'special',
    description: 'At least one symbol, such as ! ? or -, or a space.',
    isMet: (text) => /[^\p{L}\p{Nd}]/u.test(text),
  },
]

/** `nist` has no composition rules, as SP 800-63B-4 section 3.1.1.2 requires, and a minimum of 15 characters instead. */
const PRESETS: Readonly<Record<PasswordPreset, { minLength: number; composition: readonly CharacterRule[] }>> = {
  classic: { minLength: 8, composition: COMPOSITION },
  nist: { minLength: 15, composition: [] },
}

const NOT_EMAIL = { rule: 'not_email', description: 'Different from your email address.' } as const
const NOT_CURRENT = { rule: 'not_current', description: 'Different from your current password.' } as const
/** The message of `not_current` for a password that was revoked. */
const NOT_REVOKED = {
  rule: 'not_current',
  description: 'Different from your earlier password, which someone else may know.',
} as const
const NOT_BREACHED = {
  rule: 'not_breached',
  description: 'Not a password that is known from a data breach.',
} as const

/** The rules that this service applies, in the order in which a form would show them. */
export function passwordPolicy(preset: PasswordPreset, options: { hasBreachList: boolean }): PasswordPolicy {
  const { minLength, composition } = PRESETS[preset]
  return {
    minLength,
    maxLength: MAX_PASSWORD_LENGTH,
    rules: [
      ...lengthRules(minLength),
      ...composition,
      NOT_EMAIL,
      NOT_CURRENT,
      ...(options.hasBreachList ? [NOT_BREACHED] : []),
    ].map(({ rule, description }) => ({ rule, description, checkedBy: rule === 'not_current' ? 'save' : 'check' })),
  }
}

function lengthRules(
  minLength: number,
): Array<{ rule: PasswordRule; description: string; isMet: (length: number) => boolean }> {
  return [
    { rule: 'min_length', description: `At least ${minLength} characters.`, isMet: (length) => length >= minLength },
    {
      rule: 'max_length',
      description: `At most ${MAX_PASSWORD_LENGTH} characters.`,
      isMet: (length) => length <= MAX_PASSWORD_LENGTH,
    },
  ]
}

export interface PasswordContext {
  readonly preset: PasswordPreset
  /** The email address, if it is known. The password must be neither the address nor its local part. */
  readonly email?: string
  /** Whether the password is the account's current one, if that is known. */
  readonly isCurrent?: boolean
  /** Whether a revert has revoked the password, because a thief may know it. */
  readonly isRevoked?: boolean
  readonly isBreached?: boolean
}

export interface BrokenRule {
  readonly rule: PasswordRule
  readonly message: string
}

/** Every rule that the password breaks, in the order of the policy. */
export function brokenRules(password: PlainPassword, context: PasswordContext): BrokenRule[] {
  const { minLength, composition } = PRESETS[context.preset]
  const text = password.reveal()
  return [
    ...lengthRules(minLength).filter((rule) => !rule.isMet(password.length)),
    ...composition.filter((rule) => !rule.isMet(text)),
    ...(context.email !== undefined && isEmail(text, context.email) ? [NOT_EMAIL] : []),
    ...(context.isCurrent ? [NOT_CURRENT] : []),
    ...(context.isRevoked && !context.isCurrent ? [NOT_REVOKED] : []),
    ...(context.isBreached ? [NOT_BREACHED] : []),
  ].map(({ rule, description }) => ({ rule, message: description }))
}

/** The rules that cannot be judged by a password, and perhaps an email address, alone. */
export function uncheckedRules(context: { email?: string }): PasswordRule[] {
  return [...(context.email === undefined ? (['not_email'] as PasswordRule[]) : []), 'not_current']
}

/**
 * Refuses a password that is longer than any that can be set, before anything is hashed. The answer depends on the request
 * alone, so it reveals nothing, and a password of a megabyte costs nothing (Django CVE-2013-1443).
 *
 * @throws {Refusal} password_policy with `max_length`.
 */
export function assertComparablePassword(password: PlainPassword, field: string): void {
  if (password.length <= MAX_PASSWORD_LENGTH) return
  throw new Refusal('password_policy', {
    violations: [{ field, rule: 'max_length', message: `At most ${MAX_PASSWORD_LENGTH} characters.` }],
  })
}

function isEmail(text: string, email: string): boolean {
  const typed = text.toLowerCase()
  const address = email.toLowerCase()
  return typed === address || typed === address.slice(0, address.lastIndexOf('@'))
}
