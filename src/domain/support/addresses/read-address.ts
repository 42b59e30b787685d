import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { type AddressState, findAddress } from '../../addresses/addresses.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { readSuppression, type Suppression } from '../../mails/suppressed-addresses.ts'

export interface AddressView {
  /** In its normalised form. */
  readonly address: string
  readonly state: AddressState
  readonly lockedAt: Date | null
  readonly reason: string | null
  /** Why mail to the address may not arrive, as the mail provider has reported. */
  readonly suppression: Suppression | null
  /** The newest registration that waits for its link to be opened; null unless the address is free. */
  readonly registration: OpenRegistration | null
}

export interface OpenRegistration {
  readonly createdAt: Date
  readonly expiresAt: Date
}

/**
 * Tells whether an address is free, in use or locked, and why. A person who wants the address only learns that it is not
 * available.
 *
 * @throws {Refusal} invalid_email
 */
export async function readAddress(deps: Deps, email: string): Promise<AddressView> {
  const { address } = requireAddress(email, 'email')
  const found = await inTransaction(deps.db, (tx) => findAddress(deps, tx, address))
  const suppression = await readSuppression(deps, address)
  if (!found) {
    const registration = await deps.db.registration.findFirst({
      where: { address, expiresAt: { gt: deps.clock.now() } },
      orderBy: { createdAt: 'desc' },
      select: { createdAt: true, expiresAt: true },
    })
    return { address, state: 'free', lockedAt: null, reason: null, suppression, registration }
  }
  const { lockedAt, lockReason: reason } = found
  const state = lockedAt === null ? 'in_use' : 'locked'
  return { address, state, lockedAt, reason, suppression, registration: null }
}
