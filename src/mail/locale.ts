import Negotiator from 'negotiator'

/** RFC 5646 section 4.4.1: a tag of this length can hold every part that a language needs. */
const LONGEST_LOCALE = 35

/** The rest of a longer Accept-Language header is ignored. Browsers send fewer than ten languages. */
const LONGEST_HEADER = 256
const MOST_LOCALES = 10

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = new Set(['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa'])

/** Reads one BCP 47 language tag, such as `de-AT`, in its canonical spelling; null if it is not well-formed. */
export function parseLocale(tag: string): string | null {
  if (tag.length > LONGEST_LOCALE) return null
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null
  } catch {
    return null
  }
}

/**
 * Finds the language for a locale by removing parts from its end (RFC 4647 section 3.4): `zh-Hant-TW`, `zh-Hant`, `zh`.
 *
 * @returns null if none of these is among the languages.
 */
export function findLanguage(locale: string, languages: ReadonlySet<string>): string | null {
  const parts = locale.split('-')
  for (let length = parts.length; length > 0; length -= 1) {
    const candidate = parts.slice(0, length).join('-')
    if (languages.has(candidate)) return candidate
  }
  return null
}

/** The locales that an Accept-Language header asks for (RFC 9110 section 12.5.4), the most preferred one first. */
export function localesIn(header: string | null): string[] {
  if (header === null) return []
  const negotiator = new Negotiator({ headers: { 'accept-language': header.slice(0, LONGEST_HEADER) } })
  return negotiator
    .languages()
    .slice(0, MOST_LOCALES)
    .flatMap((tag) => parseLocale(tag) ?? [])
}

/** The most preferred locale that there are texts for, otherwise the most preferred one; null if there is none. */
export function chooseLocale(preferred: readonly string[], languages: ReadonlySet<string>): string | null {
  return preferred.find((locale) => findLanguage(locale, languages) !== null) ?? preferred[0] ?? null
}

export function directionOf(locale: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(new Intl.Locale(locale).maximize().script ?? '') ? 'rtl' : 'ltr'
}
