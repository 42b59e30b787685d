import { randomInt } from 'node:crypto'

/** Crockford's base32: no I, L, O or U, so that a receipt survives being read out over the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `XXXX-XXXX-XXXX`, 60 random bits: names a request to Support and opens nothing by itself. */
export function newReceipt(): string {
  const characters = Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)])
  return [characters.slice(0, 4), characters.slice(4, 8), characters.slice(8)].map((group) => group.join('')).join('-')
}
