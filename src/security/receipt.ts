import { randomInt } from 'node:crypto'

/** Crockford's base32: no I, L, O or U, so that a receipt survives being read out over the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `XXXX-XXXX-XXXX`, 60 random bits: names a request to Support and opens nothing by itself. */
export function newReceipt(): string {
  const characters = Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)])
  return [characters.slice(0, 4), characters.slice(4, 8), characters.slice(8)].map((group) => group.join('')).join('-')
}

/** A receipt as a person read it out or typed it: any case, O for 0, I or L for 1, hyphens or none. Null for anything else. */
export function readReceipt(typed: string): string | null {
  if (typed.length > 40) return null
  const characters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  const groups = /^([0-9A-HJKMNP-TV-Z]{4})([0-9A-HJKMNP-TV-Z]{4})([0-9A-HJKMNP-TV-Z]{4})$/.exec(characters)
  return groups === null ? null : groups.slice(1).join('-')
}
