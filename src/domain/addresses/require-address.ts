import { type EmailAddress, parseAddress } from '../../mail/email-address.ts'
import { Refusal } from '../problems.ts'

/** @throws {Refusal} invalid_email, naming the field. */
export function requireAddress(typed: string, field: string): EmailAddress {
  const parsed = parseAddress(typed)
  if (!parsed) {
    const message = 'Enter a valid email address, like ada@example.com.'
    throw new Refusal('invalid_email', { violations: [{ field, rule: 'email', message }] })
  }
  return parsed
}
