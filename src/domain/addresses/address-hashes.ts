import { createHmac } from 'node:crypto'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import { type HashPurpose, keyedHash } from '../../security/keyed-hash.ts'

type Keys = Pick<Deps, 'keys'>

const ERASED_PREFIX = 'erased:'

/**
 * The hash that stands for the address in the audit trail and in the throttles. An erasure finds it, but it does not
 * reveal the address.
 */
export function hashAddress({ keys }: Keys, address: string): string {
  return keys.keyedHash('address', address)
}

/** Every hash by which the audit trail or a throttle may name the address. */
export function hashesOfAddress(deps: Keys, address: NormalizedAddress): string[] {
  return everyHash(deps, 'address', address)
}

/** What replaces an address in `addresses` after an erasure. It cannot be compared with the hashes in the audit trail. */
export function erasedForm({ keys }: Keys, address: NormalizedAddress): string {
  return ERASED_PREFIX + keys.keyedHash('erased address', address)
}

/** Every form that an erasure may have left of the address. */
export function erasedForms(deps: Keys, address: NormalizedAddress): string[] {
  return everyHash(deps, 'erased address', address).map((hash) => ERASED_PREFIX + hash)
}

/** Hashes under the current and the earlier keys, also in the form that was used before hashes had a purpose. */
function everyHash({ keys }: Keys, purpose: HashPurpose, address: NormalizedAddress): string[] {
  return keys.addressHashKeys().flatMap((key) => [keyedHash(key, purpose, address), hashWithoutPurpose(key, address)])
}

/**
 * Version 0.1 hashed the address alone, for every purpose. Nothing is written in this form any more, but the erased
 * addresses and the audit events of that version must still be recognised.
 */
export function hashWithoutPurpose(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
