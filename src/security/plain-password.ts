import { Secret } from './secret.ts'

/** Code points in NFC; the policy refuses more, and nothing longer is ever hashed or compared. */
export const MAX_PASSWORD_LENGTH = 128

/** A password as a person typed it, in NFC (NIST SP 800-63B-4 section 3.1.1.2), so that é is é on every keyboard. */
export class PlainPassword extends Secret<'password'> {
  constructor(typed: string) {
    super(typed.normalize('NFC'))
  }

  /** In code points: what a person would count, and what the policy's lengths mean. */
  get length(): number {
    return [...this.reveal()].length
  }
}
