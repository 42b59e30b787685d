import type { Deps } from '../../deps.ts'
import { chooseLocale, parseLocale } from '../../mail/locale.ts'
import { Refusal } from '../problems.ts'
import type { PlannedMail, Planning } from './planning/planned-mail.ts'
import type { WaitingMail } from './read-waiting-mail.ts'

/**
 * The locale of a mail's reader: the account's, otherwise the registration's, otherwise the one that the request asked
 * for. A stranger who requests a mail to somebody else does not choose its language if the account has a locale.
 */
export async function readLocale(planning: Planning, planned: PlannedMail): Promise<string | null> {
  const { deps, tx, mail } = planning
  const { registrationId = mail.registrationId } = planned
  const accountLocale = planned.accountLocale ?? (await readAccountLocale(planning, planned))
  if (accountLocale) return accountLocale
  const registration =
    registrationId === null
      ? null
      : await tx.registration.findUnique({ where: { id: registrationId }, select: { locale: true } })
  return registration?.locale ?? requestedLocale(deps, mail)
}

async function readAccountLocale({ tx }: Planning, { accountId, accountLocale }: PlannedMail): Promise<string | null> {
  if (accountLocale !== undefined || accountId === null) return null
  const account = await tx.account.findUnique({ where: { id: accountId }, select: { locale: true } })
  return account?.locale ?? null
}

/** The locale that the request for the mail asked for; null if it asked for none. */
export function requestedLocale(deps: Pick<Deps, 'config'>, { context }: WaitingMail): string | null {
  return acceptedLocale(deps, context.locales ?? [])
}

/** Of the locales that a request asked for, the one to write mail in; null if it asked for none. */
export function acceptedLocale(deps: Pick<Deps, 'config'>, locales: readonly string[]): string | null {
  return chooseLocale(locales, new Set(deps.config.mailTexts.catalogues.keys()))
}

/** @throws {Refusal} invalid_request, naming the field `locale`. */
export function requireLocale(tag: string): string {
  const locale = parseLocale(tag)
  if (locale === null) {
    const message = 'The locale must be a BCP 47 language tag of at most 35 characters, such as de or en-GB.'
    throw new Refusal('invalid_request', { violations: [{ field: 'locale', rule: 'language_tag', message }] })
  }
  return locale
}
