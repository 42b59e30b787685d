import { createHmac } from 'node:crypto'

/** What a keyed hash stands for. Without the key, the hashes of one text for two purposes cannot be compared. */
export type HashPurpose =
  /** An address in the audit trail and beside a throttle: an erasure and a reset find it there. */
  | 'address'
  /** All that is kept of an address after an erasure. */
  | 'erased address'
  /** The id that stands for an erased account in the audit trail. */
  | 'erased account'
  /** What somebody typed in place of an address. */
  | 'typed text'
  /** A row of an import: the same row is recognised when it comes again. */
  | 'imported account'
  /** Guesses at one address from one network. */
  | 'guesses from a network'
  /** Guesses at one address from all networks that are not known to be its owner's. */
  | 'guesses of strangers'
  /** Guesses within one session. */
  | 'guesses in a session'
  /** Something that may be done a limited number of times in a window. */
  | 'limited use'
  /** The network of somebody who asked for something. */
  | 'network'
  /** A mailbox, for the limits of mails: all its sub-addresses have one hash. */
  | 'mailbox'

/**
 * HMAC-SHA-256 of a purpose and its parts, in hexadecimal. The parts are encoded as a JSON array before they are hashed.
 * If they were joined as text, `("a", "b from c")` and `("a from b", "c")` could have one hash, and a stranger could
 * choose an input that counts against somebody else.
 */
export function keyedHash(key: Buffer, purpose: HashPurpose, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(encodeHashInput(purpose, parts)).digest('hex')
}

/** The text that is hashed: no two different purposes or lists of parts have the same one. */
export function encodeHashInput(purpose: string, parts: readonly string[]): string {
  return JSON.stringify([purpose, ...parts]) // escapes a lone surrogate, which UTF-8 would replace
}
