import { domainToASCII, domainToUnicode } from 'node:url'

/** The form in which two addresses are compared: ASCII, lower case. Only `normalizedForm` makes one. */
export type NormalizedAddress = string & { readonly __brand: 'NormalizedAddress' }

export interface EmailAddress {
  /** The local part as it was typed, the domain lower-cased and in its ASCII form. Mail goes here. */
  readonly email: string
  readonly address: NormalizedAddress
}

const MAX_LENGTH = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
const MAX_LOCAL_LENGTH = 64 // section 4.5.3.1.1
/**
 * Characters that are often copied with an address from a mail or a web page: white space, zero-width characters, a
 * byte order mark.
 */
const INVISIBLE_ENDS = /^[\s\p{Default_Ignorable_Code_Point}]+|[\s\p{Default_Ignorable_Code_Point}]+$/gu
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/

/**
 * Reads one email address; null if it is not valid. A local part that is not ASCII is refused before any normalisation.
 * Otherwise a dotless ı could be turned into an i, and the mail would go to another person's address (GitHub 2019,
 * CVE-2019-19844). Quoted local parts and address literals are refused too, because parsers disagree about them
 * (CVE-2025-13033).
 */
export function parseAddress(input: string): EmailAddress | null {
  if (input.length > 4 * MAX_LENGTH) return null // checked before any regular expression is used on it
  const trimmed = input.replace(INVISIBLE_ENDS, '')
  const at = trimmed.lastIndexOf('@')
  if (at < 1) return null
  const local = trimmed.slice(0, at)
  const domain = asciiDomain(trimmed.slice(at + 1))
  if (domain === null || local.length > MAX_LOCAL_LENGTH || !LOCAL_PART.test(local)) return null
  const email = `${local}@${domain}`
  if (email.length > MAX_LENGTH) return null
  return { email, address: normalizedForm(email) }
}

/**
 * The compared form of an address that `parseAddress` has accepted, now or before it was stored. Columns named `email`
 * and `address` contain only such addresses, so a row is not parsed again, and a later version cannot refuse it.
 */
export function normalizedForm(accepted: string): NormalizedAddress {
  return accepted.toLowerCase() as NormalizedAddress
}

/**
 * The domain's A-label form (UTS 46, non-transitional), or null. Characters that this mapping would change silently
 * (full-width letters, soft hyphens, the Kelvin sign) are refused, because people do not type them and mail servers do
 * not convert them.
 */
function asciiDomain(domain: string): string | null {
  if (domain.length > MAX_LENGTH || domain !== domain.normalize('NFC')) return null
  const ascii = domainToASCII(domain)
  if (!DOMAIN.test(ascii)) return null
  const typed = domain.toLowerCase()
  return typed === ascii || typed === domainToUnicode(ascii) ? ascii : null
}
