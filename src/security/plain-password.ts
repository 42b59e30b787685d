import { Secret } from './secret.ts'

/** Code points in NFC; the policy refuses more, and nothing longer is ever hashed or compared. */
export const MAX_PASSWORD_LENGTH = 128

/** UTF-16 units. NFC shortens nothing to an eighth, so what is longer breaks the policy however it is normalised. */
const LONGEST_WORTH_NORMALISING = 8 * MAX_PASSWORD_LENGTH

/** A password as a person typed it, in NFC (NIST SP 800-63B-4 section 3.1.1.2), so that é is é on every keyboard. */
export class PlainPassword extends Secret<'password'> {
  constructor(typed: string) {
    // Normalising takes time that grows with the square of a run of combining marks: 16 kB of them take 70 ms.
    super(typed.length > LONGEST_WORTH_NORMALISING ? typed : typed.normalize('NFC'))
  }

  /** In code points: what a person would count, and what the policy's lengths mean. */
  get length(): number {
    return [...this.reveal()].length
  }
}
