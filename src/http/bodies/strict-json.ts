import type { Violation } from '../../domain/problems.ts'

/** The name that a violation gives for the body as a whole. */
export const WHOLE_BODY = 'body'

/** A body that is not JSON that this service reads. Its message never quotes the body, because that may hold a password. */
export class UnreadableBody extends Error {
  readonly violation: Violation

  constructor(rule: string, message: string, field = WHOLE_BODY) {
    super(message)
    this.violation = { field, rule, message }
  }
}

const DEEPEST = 8
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads a JSON body more strictly than the framework. It refuses bytes that are not UTF-8, a key that appears twice (parsers
 * disagree which one counts), NUL (PostgreSQL refuses it) and lone surrogates (two different passwords would have one hash).
 *
 * @throws {UnreadableBody}
 */
export function parseStrictJson(body: Buffer): unknown {
  const text = decodeUtf8(body)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UnreadableBody('json', 'The body is not valid JSON.')
  }
  assertKeysAreUnique(text)
  assertTextIsSound(value)
  return value
}

function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new UnreadableBody('utf8', 'The body is not valid UTF-8.')
  }
}

/** Walks the tokens of a text that is valid JSON, and keeps the keys of every object that is still open. */
function assertKeysAreUnique(text: string): void {
  const open: Array<Set<string> | null> = [] // null stands for an array
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null)
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) addKey(open.at(-1), JSON.parse(token.slice(0, -colon.length)))
    if (open.length > DEEPEST) throw new UnreadableBody('depth', 'The body is nested too deeply.')
  }
}

function addKey(keys: Set<string> | null | undefined, key: string): void {
  if (FORBIDDEN_KEYS.has(key)) throw new UnreadableBody('key', 'A field has a name that is not allowed.')
  if (keys?.has(key)) throw new UnreadableBody('duplicate', 'A field appears twice in the body.')
  keys?.add(key)
}

function assertTextIsSound(value: unknown, field?: string): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) throw new UnreadableBody('nul', 'The text contains a NUL character.', field)
    if (!value.isWellFormed()) throw new UnreadableBody('unicode', 'The text contains half of a character.', field)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      assertTextIsSound(key)
      assertTextIsSound(inner, field === undefined ? key : `${field}.${key}`)
    }
  }
}
