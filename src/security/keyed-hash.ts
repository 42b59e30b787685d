import { createHmac } from 'node:crypto'

/** What a keyed hash stands for. Without the key, the hashes of one text for two purposes cannot be compared. */
export type HashPurpose =
  /** An address in the audit trail and beside a throttle: an erasure and a reset find it there. */
  | 'address'
  /** The only trace of an address after an erasure. */
  | 'erased address'
  /** The id that stands for an erased account in the audit trail. */
  | 'erased account'
  /** The text that a person typed instead of an address. */
  | 'typed text'
  /** A row of an import. The same row is recognised in a later import. */
  | 'imported account'
  /** Guesses at one address from one network. */
  | 'guesses from a network'
  /** Guesses at one address from all networks that are not known to be its owner's. */
  | 'guesses of strangers'
  /** Guesses within one session. */
  | 'guesses in a session'
  /** The key of a counter for an action that is limited in number per time window. */
  | 'limited use'
  /** The network that a request came from. */
  | 'network'
  /** A mailbox, for the limits of mails: all its sub-addresses have one hash. */
  | 'mailbox'

/**
 * HMAC-SHA-256 of a purpose and its parts, in hexadecimal. The parts are encoded as a JSON array before they are
 * hashed. If they were joined as text, `("a", "b from c")` and `("a from b", "c")` could have the same hash, and an
 * attacker could choose an input that counts against another person.
 */
export function keyedHash(key: Buffer, purpose: HashPurpose, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(encodeHashInput(purpose, parts)).digest('hex')
}

/**
 * Encodes a purpose and its parts as the text that is hashed. Different purposes or lists of parts never have the same
 * text.
 */
export function encodeHashInput(purpose: string, parts: readonly string[]): string {
  return JSON.stringify([purpose, ...parts]) // escapes a lone surrogate, which UTF-8 would replace
}
