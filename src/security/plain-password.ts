import { Secret } from './secret.ts'

/**
 * In Unicode code points of the NFC form. The policy refuses longer passwords, and they are never hashed or compared.
 */
export const MAX_PASSWORD_LENGTH = 128

/**
 * In UTF-16 units. NFC never makes a text eight times shorter, so a longer text violates the policy in any
 * normalisation.
 */
const LONGEST_WORTH_NORMALISING = 8 * MAX_PASSWORD_LENGTH

/** A password in NFC (NIST SP 800-63B-4 section 3.1.1.2), so that é is the same password on every keyboard. */
export class PlainPassword extends Secret<'password'> {
  readonly #typed: string

  constructor(typed: string) {
    // The time to normalise grows with the square of a run of combining marks: 16 kB of them take 70 ms.
    super(typed.length > LONGEST_WORTH_NORMALISING ? typed : typed.normalize('NFC'))
    this.#typed = typed
  }

  /** The length in code points, which is the unit of the policy's lengths. */
  get length(): number {
    return [...this.reveal()].length
  }

  /**
   * The texts that another system may have hashed for this password: as it was typed, in NFC and in NFD. Forms that are
   * the same are left out, so the number depends only on what was typed.
   */
  revealForms(): string[] {
    return [...new Set([this.#typed, this.reveal(), this.reveal().normalize('NFD')])]
  }
}
