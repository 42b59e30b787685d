import type { Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import type { PasswordHash } from '../../security/password-hash.ts'
import { hashesOfAddress } from '../addresses/address-hashes.ts'
import { claimAddress } from '../addresses/addresses.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { forgetNetworks, trustNetwork } from '../throttle/known-networks.ts'
import { deleteRegistrations } from './delete-registrations.ts'

/**
 * Creates an account for an address that a mailed link has just verified. The other registrations of the address, and
 * so their passwords, are deleted.
 *
 * @param input.passwordHash null if it is not known which password belongs to the owner of the address.
 * @returns the account's id, or null if the address is in use or locked by now. Then roll back.
 */
export async function createVerifiedAccount(
  deps: Deps,
  tx: Transaction,
  input: {
    email: string
    address: NormalizedAddress
    passwordHash: PasswordHash | null
    locale: string | null
    origin: Origin
    now: Date
  },
): Promise<string | null> {
  const { email, address, passwordHash, locale, origin, now } = input
  const { id: accountId } = await tx.account.create({
    data: {
      email,
      passwordHash,
      passwordChangedAt: passwordHash === null ? null : now,
      emailVerifiedAt: now,
      locale,
      createdAt: now,
    },
    select: { id: true },
  })
  if (!(await claimAddress(deps, tx, { address, accountId, now }))) return null
  await deleteRegistrations(tx, { address, createdUntil: now.toISOString() })
  await forgetNetworks(tx, hashesOfAddress(deps, address)) // of an earlier owner of the address
  await trustNetwork(deps, tx, { address, origin, now })
  await recordEvent(tx, { type: 'account.created', at: now, accountId, origin })
  return accountId
}
