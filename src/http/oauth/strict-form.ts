import { UnreadableBody } from '../bodies/strict-json.ts'

/**
 * Reads a form body by the rules of OAuth (RFC 6749 section 3.2 and appendix B). A parameter that occurs twice is
 * refused, because two parsers may choose different values. A parameter without a value is treated as missing.
 *
 * @throws {UnreadableBody}
 */
export function parseStrictForm(body: string): Record<string, string> {
  const fields = new Map<string, string>()
  for (const pair of body.split('&')) {
    if (pair === '') continue
    const [name = '', ...rest] = pair.split('=')
    const field = decodeFormText(name)
    if (fields.has(field)) throw new UnreadableBody('duplicate', 'A parameter appears twice in the body.')
    fields.set(field, decodeFormText(rest.join('=')))
  }
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''))
}

/** Printable ASCII without `%` and `+`, as in every token. */
const NEEDS_NO_DECODING = /^[ -$&-*,-~]*$/

/**
 * Decodes one name or value in `application/x-www-form-urlencoded`. The id and the secret in a Basic header have the
 * same form (section 2.3.1).
 *
 * @throws {UnreadableBody} if it is not encoded, is not UTF-8, or contains NUL.
 */
export function decodeFormText(encoded: string): string {
  if (NEEDS_NO_DECODING.test(encoded)) return encoded
  // Characters that are not ASCII have to be escaped. Raw bytes have already been decoded, possibly to replacement
  // characters.
  if (/[^\x20-\x7e]/.test(encoded)) throw new UnreadableBody('encoding', 'The form is not percent-encoded.')
  try {
    const text = decodeURIComponent(encoded.replaceAll('+', ' '))
    if (!text.includes('\u0000')) return text
  } catch {
    // answered below
  }
  throw new UnreadableBody('encoding', 'The form is not percent-encoded UTF-8 without NUL.')
}
