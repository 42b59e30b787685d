import { Refusal } from '../problems.ts'
import { type EmailAddress, parseAddress } from './email-address.ts'

/** @throws {Refusal} invalid_email, naming the field. */
export function requireAddress(typed: string, field: string): EmailAddress {
  const parsed = parseAddress(typed)
  if (!parsed) {
    const message = 'One email address such as ada@example.com.'
    throw new Refusal('invalid_email', { violations: [{ field, rule: 'email', message }] })
  }
  return parsed
}
