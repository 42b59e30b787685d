import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type AddressState, findAddress } from '../addresses/addresses.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { readSuppression, type Suppression } from '../mails/suppressed-addresses.ts'

export interface AddressView {
  /** In the form that is compared. */
  readonly address: string
  readonly state: AddressState
  readonly lockedAt: Date | null
  readonly reason: string | null
  /** What the mail provider holds against it: mail to it does not arrive. */
  readonly suppression: Suppression | null
}

/**
 * Whether an address is free, in use or locked, and why: what the holder of another account is not told.
 *
 * @throws {Refusal} invalid_email
 */
export async function readAddress(deps: Deps, email: string): Promise<AddressView> {
  const { address } = requireAddress(email, 'email')
  const found = await inTransaction(deps.db, (tx) => findAddress(deps, tx, address))
  const suppression = await readSuppression(deps, address)
  if (!found) return { address, state: 'free', lockedAt: null, reason: null, suppression }
  const { lockedAt, lockReason: reason } = found
  return { address, state: lockedAt === null ? 'in_use' : 'locked', lockedAt, reason, suppression }
}
