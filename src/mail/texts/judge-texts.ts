import { builtInTexts, placeholdersIn } from './catalogue.ts'

/** Some texts of a catalogue, each of which has been checked. */
export type CatalogueParts = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

/** English decides which keys and placeholders there are. */
const english: CatalogueParts = { ...builtInTexts.en }

/** Every text may name the product, and none has to. */
const OPTIONAL = 'product'

/** Long enough for any sentence of a mail, and short enough that a wrong file is noticed. */
const LONGEST_TEXT = 1_000

/** Finds every problem of a catalogue, complete or not. Each is a sentence that names the key. */
export function judgeParts(parts: unknown): string[] {
  if (!isRecord(parts)) return ['the file must be a JSON object.']
  return Object.entries(parts).flatMap(([name, part]) => {
    const model = english[name]
    if (!Object.hasOwn(english, name) || model === undefined) return [`the key ${name} is unknown.`]
    if (!isRecord(part)) return [`${name} must be a JSON object.`]
    return Object.entries(part).flatMap(([key, value]) => {
      const wanted = Object.hasOwn(model, key) ? model[key] : undefined
      if (wanted === undefined) return [`the key ${name}.${key} is unknown.`]
      return judgeValue(value, wanted).map((problem) => `${name}.${key} ${problem}`)
    })
  })
}

/** The keys that English has and the catalogue has not. */
export function missingKeys(parts: unknown): string[] {
  const found = isRecord(parts) ? parts : {}
  return Object.entries(english).flatMap(([name, model]) => {
    const part = found[name]
    return Object.keys(model).flatMap((key) => (isRecord(part) && key in part ? [] : `${name}.${key}`))
  })
}

function judgeValue(value: unknown, wanted: string | readonly string[]): string[] {
  const isList = typeof wanted !== 'string'
  if (isList ? !Array.isArray(value) || value.length === 0 : typeof value !== 'string') {
    return [isList ? 'must be a list of texts.' : 'must be a text.']
  }
  const texts: unknown[] = isList ? (value as unknown[]) : [value]
  if (!texts.every((text): text is string => typeof text === 'string' && text.trim() !== '')) {
    return ['must not be empty.']
  }
  return [...texts.flatMap(judgeForm), ...judgePlaceholders(texts.join(' '), [wanted].flat().join(' '))]
}

function judgeForm(text: string): string[] {
  if (text.length > LONGEST_TEXT) return [`must not have more than ${LONGEST_TEXT} characters.`]
  return /[\p{Cc}\u2028\u2029]/u.test(text) ? ['must not contain a line break or another control character.'] : []
}

/** A brace that belongs to no placeholder is a mistake: the reader would see it. */
function judgePlaceholders(text: string, model: string): string[] {
  const names = placeholdersIn(text)
  const wanted = placeholdersIn(model)
  if (/[{}]/.test(text.replace(/\{[^{}]*\}/g, ''))) return ['has a brace that belongs to no placeholder.']
  const unknown = [...names].filter((name) => name !== OPTIONAL && !wanted.has(name))
  const missing = [...wanted].filter((name) => name !== OPTIONAL && !names.has(name))
  return [
    ...unknown.map((name) => `has the unknown placeholder {${name}}.`),
    ...missing.map((name) => `must contain {${name}}.`),
  ]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
