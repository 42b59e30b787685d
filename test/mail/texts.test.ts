import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { builtInTexts, fill, placeholdersIn } from '../../src/mail/texts/catalogue.ts'
import { judgeParts, missingKeys } from '../../src/mail/texts/judge-texts.ts'
import { InvalidMailTexts, readTexts } from '../../src/mail/texts/read-texts.ts'
import { chooseWording } from '../../src/mail/texts/wording.ts'

/** A folder with these files, as an operator makes it. */
function folderWith(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-texts-'))
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

function problemsOf(files: Record<string, unknown>): readonly string[] {
  try {
    readTexts(folderWith(files))
    return []
  } catch (error) {
    if (error instanceof InvalidMailTexts) return error.problems
    throw error
  }
}

type Entry = readonly [key: string, text: string]

/** Every text of a catalogue, with the paragraphs of a body as one text. */
function entriesOf(catalogue: object): Entry[] {
  return Object.entries(catalogue).flatMap(([name, part]) =>
    Object.entries(part as object).map(([key, text]): Entry => [`${name}.${key}`, [text].flat().join(' ')]),
  )
}

describe.each(Object.keys(builtInTexts))('the built-in catalogue %s', (language) => {
  const entries = entriesOf(builtInTexts[language as keyof typeof builtInTexts])
  const english = new Map(entriesOf(builtInTexts.en))

  test('has every key of the others, with the same placeholders and no empty text', () => {
    expect(entries.map(([key]) => key).sort()).toEqual([...english.keys()].sort())
    for (const [key, text] of entries) {
      expect({ key, names: placeholdersIn(text) }).toEqual({ key, names: placeholdersIn(english.get(key) ?? '') })
      expect(text.trim()).not.toBe('')
    }
  })

  test('passes the checks that texts of an operator have to pass', () => {
    const catalogue = builtInTexts[language as keyof typeof builtInTexts]

    expect(judgeParts(catalogue)).toEqual([])
    expect(missingKeys(catalogue)).toEqual([])
  })

  test('names the product in every subject', () => {
    const subjects = entries.filter(([key]) => key.endsWith('.subject'))

    expect(subjects.filter(([, text]) => !text.includes('{product}'))).toEqual([])
  })
})

describe('the texts of an operator', () => {
  test('replace single texts, and leave the others as they are', () => {
    const folder = folderWith({ 'de.json': { verify_email: { subject: 'Willkommen bei {product}' } } })
    const { texts } = chooseWording({ catalogues: readTexts(folder), defaultLanguage: 'en' }, 'de-CH')

    expect(texts.verify_email).toEqual({ ...builtInTexts.de.verify_email, subject: 'Willkommen bei {product}' })
    expect(texts.reset_password).toEqual(builtInTexts.de.reset_password)
  })

  test('of a variant build on the replaced texts of its language', () => {
    const folder = folderWith({
      'de.json': { words: { support: 'Hilfe' } },
      'de-AT.json': { words: { when: 'Wann' } },
      '..data': 'a hidden entry, as Kubernetes makes it',
    })
    const { words } = chooseWording({ catalogues: readTexts(folder), defaultLanguage: 'en' }, 'de-AT').texts

    expect(words).toEqual({ ...builtInTexts.de.words, support: 'Hilfe', when: 'Wann' })
  })

  test('add a language if they are complete', () => {
    const folder = folderWith({ 'fr.json': { ...builtInTexts.en, words: { ...builtInTexts.en.words, when: 'Quand' } } })
    const wording = chooseWording({ catalogues: readTexts(folder), defaultLanguage: 'en' }, 'fr-CA')

    expect(wording).toMatchObject({ language: 'fr', locale: 'fr-CA', texts: { words: { when: 'Quand' } } })
    expect(problemsOf({ 'fr.json': { words: builtInTexts.en.words } })).toEqual([
      expect.stringMatching(/^fr\.json: the language is not built in, .* Missing: verify_email\.subject, /),
    ])
  })

  test.each<[string, unknown, string]>([
    ['an unknown mail', { goodbye: {} }, 'the key goodbye is unknown.'],
    ['an inherited name', JSON.parse('{"__proto__": {}}'), 'the key __proto__ is unknown.'],
    ['an unknown key', { verify_email: { title: 'x' } }, 'the key verify_email.title is unknown.'],
    ['a second button', { password_changed: { button: 'Go' } }, 'the key password_changed.button is unknown.'],
    ['an empty text', { verify_email: { heading: ' ' } }, 'verify_email.heading must not be empty.'],
    ['an empty label', { verify_email: { button: '' } }, 'verify_email.button must not be empty.'],
    ['a number', { verify_email: { heading: 7 } }, 'verify_email.heading must be a text.'],
    ['a body that is no list', { verify_email: { body: '{lifetime}' } }, 'verify_email.body must be a list of texts.'],
    ['an empty body', { verify_email: { body: [] } }, 'verify_email.body must be a list of texts.'],
    ['a missing placeholder', { verify_email: { body: ['Hi'] } }, 'verify_email.body must contain {lifetime}.'],
    [
      'a placeholder of another mail',
      { verify_email: { subject: '{newEmail}' } },
      'verify_email.subject has the unknown placeholder {newEmail}.',
    ],
    [
      'an open brace',
      { verify_email: { heading: 'Hi {product' } },
      'verify_email.heading has a brace that belongs to no placeholder.',
    ],
    [
      'a line break',
      { verify_email: { subject: 'Hi\r\nBcc: eve@evil.example' } },
      'verify_email.subject must not contain a line break or another control character.',
    ],
    [
      'a novel',
      { verify_email: { heading: 'x'.repeat(1001) } },
      'verify_email.heading must not have more than 1000 characters.',
    ],
    ['a list', [], 'the file must be a JSON object.'],
    ['a mail that is no object', { verify_email: 'Hi' }, 'verify_email must be a JSON object.'],
  ])('are refused with a plain reason: %s', (_what, parts, problem) => {
    expect(problemsOf({ 'en.json': parts })).toEqual([`en.json: ${problem}`])
  })

  test('are refused where the file is not one of texts, and all problems are named at once', () => {
    const problems = problemsOf({
      'en.json': '{"words":',
      'german.txt': '',
      'DE.json': {},
      'de.json': { a: {}, b: {} },
    })

    expect(problems).toEqual([
      'DE.json: the name must be a language and .json, such as de.json or pt-BR.json.',
      'de.json: the key a is unknown.',
      'de.json: the key b is unknown.',
      expect.stringMatching(/^en\.json: the file is not valid JSON \(/),
      'german.txt: the name must be a language and .json, such as de.json or pt-BR.json.',
    ])
    expect(() => readTexts('/nonexistent')).toThrow('the folder cannot be read (ENOENT).')
  })
})

test('docs/mails.md has every text, with the placeholders that it must keep', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/mails.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \|(?:[^|\n]*\|){3}([^|\n]*)\|$/gm)]
  const documented = rows.map(([, name = '', names = '']) => [name, [...placeholdersIn(names)].sort()])

  const texts = Object.entries(builtInTexts.en).filter(([name]) => name !== 'words')
  const used = texts.map(([name, text]) => {
    const names = [...placeholdersIn(Object.values(text).flat().join(' '))]
    return [name, names.filter((placeholder) => placeholder !== 'product').sort()]
  })
  expect(documented).toEqual(used)
})

test('a value is never read as a placeholder, and none may be missing', () => {
  expect(fill('{a} and {b}', { a: '{b}', b: '$&' })).toBe('{b} and $&')
  expect(() => fill('{a}', {})).toThrow('a mail needs its a')
  expect(() => fill('{a}', { a: ' ' })).toThrow('a mail needs its a')
  expect(() => fill('{constructor}', {})).toThrow()
})
