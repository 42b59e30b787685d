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
  readonly rules: ReadonlyArray<{ readonly rule: PasswordRule; readonly description: string }>
}

type CharacterRule = { rule: PasswordRule; description: string; isMet: (text: string) => boolean }

/** Classes in any script, by Unicode category; a space or an emoji is special, for it is neither letter nor digit. */
const COMPOSITION: readonly CharacterRule[] = [
  { rule: 'uppercase', description: 'At least one upper-case letter.', isMet: (text) => /\p{Lu}/u.test(text) },
  { rule: 'lowercase', description: 'At least one lower-case letter.', isMet: (text) => /\p{Ll}/u.test(text) },
  { rule: 'number', description: 'At least one number.', isMet: (text) => /\p{Nd}/u.test(text) },
  {
    rule: 'special',
    description: 'At least one special character: neither a letter nor a number; a space counts.',
    isMet: (text) => /[^\p{L}\p{Nd}]/u.test(text),
  },
]

/** `nist` drops the composition rules, as SP 800-63B-4 section 3.1.1.2 demands, and asks for 15 characters instead. */
const PRESETS: Readonly<Record<PasswordPreset, { minLength: number; composition: readonly CharacterRule[] }>> = {
  classic: { minLength: 8, composition: COMPOSITION },
  nist: { minLength: 15, composition: [] },
}

const NOT_EMAIL = { rule: 'not_email', description: 'Not the email address of the account.' } as const
const NOT_CURRENT = { rule: 'not_current', description: 'Not the password in use now.' } as const
const NOT_BREACHED = {
  rule: 'not_breached',
  description: 'Not a password that was found in a breach, where attackers look first.',
} as const

/** What `GET /v1/password/policy` answers: every rule this service applies, in the order a form would show them. */
export function passwordPolicy(preset: PasswordPreset, options: { hasBreachList: boolean }): PasswordPolicy {
  const { minLength, composition } = PRESETS[preset]
  return {
    minLength,
    maxLength: MAX_PASSWORD_LENGTH,
    rules: [
      ...lengthRules(minLength).map(({ rule, description }) => ({ rule, description })),
      ...composition.map(({ rule, description }) => ({ rule, description })),
      NOT_EMAIL,
      NOT_CURRENT,
      ...(options.hasBreachList ? [NOT_BREACHED] : []),
    ],
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
  /** The address of the account, where there is one: the whole password must not be it, nor its local part. */
  readonly email?: string
  /** Whether the password is the one in use, where that is known. */
  readonly isCurrent?: boolean
  readonly isBreached?: boolean
}

export interface BrokenRule {
  readonly rule: PasswordRule
  readonly message: string
}

/** Every rule the password breaks, not the first. */
export function brokenRules(password: PlainPassword, context: PasswordContext): BrokenRule[] {
  const { minLength, composition } = PRESETS[context.preset]
  const text = password.reveal()
  return [
    ...lengthRules(minLength).filter((rule) => !rule.isMet(password.length)),
    ...composition.filter((rule) => !rule.isMet(text)),
    ...(context.email !== undefined && isEmail(text, context.email) ? [NOT_EMAIL] : []),
    ...(context.isCurrent ? [NOT_CURRENT] : []),
    ...(context.isBreached ? [NOT_BREACHED] : []),
  ].map(({ rule, description }) => ({ rule, message: description }))
}

/**
 * A password longer than any that could have been set is refused before anything is hashed: the answer depends on the
 * request alone, so it tells nothing, and a megabyte costs nothing (Django CVE-2013-1443).
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
