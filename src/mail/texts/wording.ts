import { directionOf, findLanguage } from '../locale.ts'
import { builtInTexts, type Catalogue } from './catalogue.ts'

/** The texts of all mails, by language, and the language of readers whose own is unknown or missing. */
export interface MailTexts {
  readonly catalogues: ReadonlyMap<string, Catalogue>
  readonly defaultLanguage: string
}

/** What a mail in one locale is written with. */
export interface Wording {
  readonly texts: Catalogue
  /** The language of the texts. */
  readonly language: string
  /** How dates and numbers are written. */
  readonly locale: string
  readonly direction: 'ltr' | 'rtl'
}

export const BUILT_IN_TEXTS: MailTexts = { catalogues: new Map(Object.entries(builtInTexts)), defaultLanguage: 'en' }

/** The form of dates for English readers of unknown country: with a 24-hour clock, and the day before the month. */
const INTERNATIONAL_ENGLISH = 'en-GB'

/** Chooses the texts for a reader's locale, or the default language if the locale is null or there are none for it. */
export function chooseWording({ catalogues, defaultLanguage }: MailTexts, locale: string | null): Wording {
  const found = locale === null ? null : findLanguage(locale, new Set(catalogues.keys()))
  const language = found ?? defaultLanguage
  const texts = catalogues.get(language)
  if (texts === undefined) throw new Error(`there are no mail texts in ${language}`)
  const { baseName } = new Intl.Locale(found === null || locale === null ? language : locale)
  return {
    texts,
    language,
    locale: baseName === 'en' ? INTERNATIONAL_ENGLISH : baseName,
    direction: directionOf(language),
  }
}
