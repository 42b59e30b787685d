import { randomInt } from 'node:crypto'

/** Crockford's base32: no I, L, O or U, so that a receipt can be read out over the telephone without mistakes. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Creates a receipt of the form `XXXX-XXXX-XXXX` with 60 random bits. It identifies a request for Support and gives no
 * access.
 */
export function newReceipt(): string {
  const characters = Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)])
  return [characters.slice(0, 4), characters.slice(4, 8), characters.slice(8)].map((group) => group.join('')).join('-')
}

/**
 * Reads a receipt as a person says or types it: upper or lower case, O for 0, I or L for 1, with or without hyphens;
 * null for any other text.
 */
export function readReceipt(typed: string): string | null {
  if (typed.length > 40) return null
  const characters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  const groups = /^([0-9A-HJKMNP-TV-Z]{4})([0-9A-HJKMNP-TV-Z]{4})([0-9A-HJKMNP-TV-Z]{4})$/.exec(characters)
  return groups === null ? null : groups.slice(1).join('-')
}
