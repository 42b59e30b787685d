import type { Transaction } from '../../database/client.ts'
import type { Address } from '../../database/generated/client.ts'
import { joinErasures, lockAddress } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { type NormalizedAddress, normalizedForm } from '../../mail/email-address.ts'
import { erasedForm, erasedForms } from './address-hashes.ts'

export type LockReason = 'email_changed' | 'email_reverted' | 'account_erased'
export type AddressState = 'free' | 'in_use' | 'locked'

/**
 * Makes the address the account's current one, if nobody else ever held it; the account's own former address can be
 * taken back. The insert and its primary key decide a race, whatever was read before. Lock the former one first.
 */
export async function claimAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  claim: { address: NormalizedAddress; accountId: string; now: Date },
): Promise<boolean> {
  const { address, accountId, now } = claim
  if (await findErasedAddress(deps, tx, address)) return false
  const claimed = await tx.$executeRaw`
    INSERT INTO addresses (address, account_id, claimed_at) VALUES (${address}, ${accountId}::uuid, ${now})
    ON CONFLICT (address) DO UPDATE SET claimed_at = excluded.claimed_at, locked_at = NULL, lock_reason = NULL
    WHERE addresses.account_id = excluded.account_id`
  return claimed === 1
}

/** Sets aside the account's current address: from now on only this account, or Support, can bring it back. */
export async function lockCurrentAddress(
  tx: Transaction,
  lock: { accountId: string; reason: LockReason; now: Date },
): Promise<void> {
  await tx.address.updateMany({
    where: { accountId: lock.accountId, lockedAt: null },
    data: { lockedAt: lock.now, lockReason: lock.reason },
  })
}

/** What an address is to anybody but its holder, as the worker and Support need it. */
export async function addressState(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<AddressState> {
  const row = await findAddress(deps, tx, address)
  if (!row) return 'free'
  return row.lockedAt === null ? 'in_use' : 'locked'
}

/** The row that says who may have the address; null where it is free. */
export async function findAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<Address | null> {
  return (await tx.address.findUnique({ where: { address } })) ?? findErasedAddress(deps, tx, address)
}

/**
 * Frees a locked address. Then anyone can use it.
 *
 * @returns the row as it was; null if the address is not locked, or if the account that left it takes it back at the same
 *   moment.
 */
export async function freeLockedAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<Address | null> {
  const found = await findAddress(deps, tx, address)
  if (!found) return null
  const { count } = await tx.address.deleteMany({ where: { address: found.address, lockedAt: { not: null } } })
  return count === 0 ? null : found
}

/**
 * Replaces every address of an account, the current and the former ones, by its keyed hash: nobody can read it, and
 * nobody can have it.
 *
 * @returns the addresses as they were.
 */
export async function eraseAddresses(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  erasure: { accountId: string; now: Date },
): Promise<NormalizedAddress[]> {
  const { accountId, now } = erasure
  await joinErasures(tx)
  const held = await tx.address.findMany({ where: { accountId }, orderBy: { address: 'asc' } })
  const addresses = held.map((row) => normalizedForm(row.address))
  for (const address of addresses) {
    await lockAddress(tx, address)
    const { count } = await tx.address.deleteMany({ where: { address, accountId } })
    if (count === 0) continue // unlocked by Support at this very moment
    const lock = { claimedAt: now, lockedAt: now, lockReason: 'account_erased' satisfies LockReason }
    await tx.address.create({ data: { address: erasedForm(deps, address), ...lock } })
  }
  return addresses
}

/** An erased account's addresses stay locked, though all that is left of them is a keyed hash. */
async function findErasedAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<Address | null> {
  await lockAddress(tx, address)
  return tx.address.findFirst({ where: { address: { in: erasedForms(deps, address) } } })
}
