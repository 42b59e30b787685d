import type { Deps } from '../../../deps.ts'
import { keyedHash } from '../../../security/keyed-hash.ts'

/**
 * The id that stands for an erased account in the audit trail: a keyed hash of its id, in the form of a UUID (version
 * 8, RFC 9562 section 5.8). Support knows the account's id from the ticket and can still find the trail with it. The
 * database alone does not reveal which account it was.
 */
export function pseudonymOf(deps: Pick<Deps, 'keys'>, accountId: string): string {
  return asUuid(deps.keys.keyedHash('erased account', accountId))
}

/** Every id that the audit trail may have for the account: its own id, and its pseudonym under each key. */
export function idsInAuditTrail(deps: Pick<Deps, 'keys'>, accountId: string): string[] {
  const pseudonyms = deps.keys.addressHashKeys().map((key) => asUuid(keyedHash(key, 'erased account', accountId)))
  return [accountId, ...pseudonyms]
}

function asUuid(hash: string): string {
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-')
}
