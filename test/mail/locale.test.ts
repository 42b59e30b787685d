import { describe, expect, test } from '@jest/globals'
import { chooseLocale, findLanguage, localesIn, parseLocale } from '../../src/mail/locale.ts'

const LANGUAGES = new Set(['en', 'de', 'zh-Hant'])

describe('a language tag', () => {
  test.each([
    ['de', 'de'],
    ['DE-at', 'de-AT'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['iw', 'he'],
    ['de-u-ca-buddhist', 'de-u-ca-buddhist'],
  ])('%s is stored as %s', (tag, locale) => {
    expect(parseLocale(tag)).toBe(locale)
  })

  test.each(['', ' ', '*', 'de_DE', 'd', 'de-', 'de\n', 'de; q=1', '<b>', 'deutschesprache', `de-${'a'.repeat(33)}`])(
    'is not %j',
    (tag) => {
      expect(parseLocale(tag)).toBeNull()
    },
  )
})

test('the texts for a locale are those of its language, or of the nearest variant', () => {
  const found = ['de', 'de-AT', 'zh-Hant-TW', 'zh', 'fr', 'english'].map((locale) => findLanguage(locale, LANGUAGES))

  expect(found).toEqual(['de', 'de', 'zh-Hant', null, null, null])
})

describe('from Accept-Language', () => {
  test.each<[string | null, string | null]>([
    ['de-AT,de;q=0.9,en;q=0.8', 'de-AT'],
    ['en;q=0.5, de;q=0.6', 'de'],
    ['fr-FR, fr;q=0.9, de;q=0.4', 'de'],
    ['fr-FR, it', 'fr-FR'],
    ['de;q=0, en', 'en'],
    ['*', null],
    ['', null],
    [null, null],
    ['not a language', null],
    ['<script>, de', 'de'],
  ])('%j, mails are written in %j', (header, locale) => {
    expect(chooseLocale(localesIn(header), LANGUAGES)).toBe(locale)
  })

  test('the most preferred ten languages are kept, and the end of a long header is ignored', () => {
    expect(localesIn(Array.from({ length: 40 }, (_, index) => `en-${100 + index}`).join(','))).toHaveLength(10)
    expect(localesIn(`${'x'.repeat(16_000)},de`)).toEqual([])
  })
})
