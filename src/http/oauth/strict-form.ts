import { UnreadableBody } from '../bodies/strict-json.ts'

/**
 * Reads a form body as the OAuth RFCs want it (RFC 6749 section 3.2 and appendix B): a parameter that stands there
 * twice is refused, since two readers may pick different ones; one without a value counts as left out.
 *
 * @throws {UnreadableBody}
 */
export function parseStrictForm(body: string): Record<string, string> {
  const fields = new Map<string, string>()
  for (const pair of body.split('&')) {
    if (pair === '') continue
    const [name = '', ...rest] = pair.split('=')
    const field = decodeFormText(name)
    if (fields.has(field)) throw new UnreadableBody('duplicate', 'A parameter stands in the body twice.')
    fields.set(field, decodeFormText(rest.join('=')))
  }
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''))
}

/**
 * One name or value in `application/x-www-form-urlencoded`; the id and the secret in a Basic header too (section 2.3.1).
 *
 * @throws {UnreadableBody} where it is not encoded, not UTF-8, or holds NUL.
 */
export function decodeFormText(encoded: string): string {
  // Whatever is not ASCII has to be escaped; raw bytes would have been decoded with replacement characters by now.
  if (/[^\x20-\x7e]/.test(encoded)) throw new UnreadableBody('encoding', 'The form is not percent-encoded.')
  try {
    const text = decodeURIComponent(encoded.replaceAll('+', ' '))
    if (!text.includes('\u0000')) return text
  } catch {
    // answered below
  }
  throw new UnreadableBody('encoding', 'The form is not percent-encoded UTF-8 without NUL.')
}
