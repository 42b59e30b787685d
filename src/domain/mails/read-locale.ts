import type { Deps } from '../../deps.ts'
import { chooseLocale, parseLocale } from '../../mail/locale.ts'
import { Refusal } from '../problems.ts'
import type { PlannedMail, Planning } from './planning/planned-mail.ts'
import type { MailContext } from './queue-mail.ts'

/**
 * The locale of a mail's reader: the account's, otherwise the registration's, otherwise the one that the request asked
 * for. A stranger who requests a mail to somebody else does not choose its language if the account has a locale.
 */
export async function readLocale({ deps, tx, mail }: Planning, planned: PlannedMail): Promise<string | null> {
  const { accountId, registrationId = mail.registrationId } = planned
  const select = { locale: true }
  const account = accountId === null ? null : await tx.account.findUnique({ where: { id: accountId }, select })
  if (account?.locale) return account.locale
  const registration =
    registrationId === null ? null : await tx.registration.findUnique({ where: { id: registrationId }, select })
  const { locales = [] } = mail.context as MailContext
  return registration?.locale ?? acceptedLocale(deps, locales)
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
