import { createHmac } from 'node:crypto'
import type { Transaction } from '../database/client.ts'
import type { Deps } from '../deps.ts'
import type { NormalizedAddress } from './accounts/email-address.ts'

export type LockReason = 'email_changed' | 'email_reverted' | 'account_erased'
export type AddressState = 'free' | 'in_use' | 'locked'

/** A keyed hash of an address: what is kept of one that was erased, and of whatever a stranger typed. */
export function hashAddress(deps: Pick<Deps, 'keys'>, address: string): string {
  return keyedHash(deps.keys.addressHashKeys()[0], address)
}

function keyedHash(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

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
  if (await isErasedAddress(deps, tx, address)) return false
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
  const row = await tx.address.findUnique({ where: { address }, select: { lockedAt: true } })
  if (row) return row.lockedAt === null ? 'in_use' : 'locked'
  return (await isErasedAddress(deps, tx, address)) ? 'locked' : 'free'
}

/** An erased account's addresses stay locked, though all that is left of them is a keyed hash. */
async function isErasedAddress(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  address: NormalizedAddress,
): Promise<boolean> {
  // Erasing replaces the row's key while a claim may be waiting for it: both take this lock, so a claim sees one or the other.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`address ${address}`}, 0))`
  const erased = deps.keys.addressHashKeys().map((key) => `erased:${keyedHash(key, address)}`)
  return (await tx.address.count({ where: { address: { in: erased } } })) > 0
}
