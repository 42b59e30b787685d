import type { Transaction } from '../../database/client.ts'
import { type Address, Prisma } from '../../database/generated/client.ts'
import { joinErasures, lockAddress } from '../../database/row-locks.ts'
import { type Executor, runStatement } from '../../database/statement.ts'
import type { Deps } from '../../deps.ts'
import { type NormalizedAddress, normalizedForm } from '../../mail/email-address.ts'
import { erasedForm, erasedForms } from './address-hashes.ts'

export type LockReason = 'email_changed' | 'email_reverted' | 'account_erased'
export type AddressState = 'free' | 'in_use' | 'locked'

/**
 * Makes the address the account's current one. This fails if another account has the address or had it before. An
 * account can take back its own former address. The primary key decides between concurrent claims. Call
 * `lockCurrentAddress` first.
 *
 * @returns whether the account now has the address.
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

/** Locks the account's current address. After that only this account can use it, unless Support unlocks it. */
export async function lockCurrentAddress(
  tx: Transaction,
  lock: { accountId: string; reason: LockReason; now: Date },
): Promise<void> {
  await tx.address.updateMany({
    where: { accountId: lock.accountId, lockedAt: null },
    data: { lockedAt: lock.now, lockReason: lock.reason },
  })
}

/** The state of an address, for the worker and for Support. */
export async function addressState(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<AddressState> {
  const row = await findAddress(deps, tx, address)
  if (!row) return 'free'
  return row.lockedAt === null ? 'in_use' : 'locked'
}

/** Whether the address is free, for a planner whose statements are written by hand. */
export async function isFreeAddress(
  deps: Pick<Deps, 'keys'>,
  on: Executor,
  address: NormalizedAddress,
): Promise<boolean> {
  await lockAddress(on, address)
  const forms = [address, ...erasedForms(deps, address)]
  const statement = Prisma.sql`SELECT true AS held FROM addresses WHERE address = ANY(${forms}::text[]) LIMIT 1`
  return (await runStatement(on, 'find-held-address', statement)).length === 0
}

/** The row of the account that has or had the address; null if the address is free. */
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
 * Replaces every address of an account, the current and the former ones, by its keyed hash. The address can then no
 * longer be read, and no account can use it.
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
    if (count === 0) continue // Support unlocked the address at the same moment
    const lock = { claimedAt: now, lockedAt: now, lockReason: 'account_erased' satisfies LockReason }
    await tx.address.create({ data: { address: erasedForm(deps, address), ...lock } })
  }
  return addresses
}

/** Finds the keyed hash that an erasure has left of the address. Such an address stays locked. */
async function findErasedAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<Address | null> {
  await lockAddress(tx, address)
  return tx.address.findFirst({ where: { address: { in: erasedForms(deps, address) } } })
}
