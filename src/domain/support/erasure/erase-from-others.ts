import type { Transaction } from '../../../database/client.ts'
import { lockOtherAccountRows } from '../../../database/row-locks.ts'
import type { Erasure } from '../../jobs.ts'
import { anyOf } from './erase-traces.ts'

/**
 * Erases the person's addresses from the links and the email changes of up to `limit` other accounts. These accounts may
 * have requested a change to such an address, or may have used it before the person did.
 *
 * Call it before the addresses are locked: it locks the other accounts, and the order of database/row-locks.ts has them
 * first.
 *
 * @returns whether these were all of them. If not, call it again.
 */
export async function eraseFromOthers(tx: Transaction, erasure: Erasure, limit: number): Promise<boolean> {
  const others = await othersThatName(tx, erasure, limit)
  if (others.length === 0) return true
  await lockOtherAccountRows(tx, others)
  await eraseFromLinks(tx, erasure, others)
  await eraseFromChanges(tx, erasure, others)
  return others.length < limit
}

/** Whether another account still names the addresses. One may have requested a change until the addresses were locked. */
export async function isNamedByOthers(tx: Transaction, erasure: Erasure): Promise<boolean> {
  return (await othersThatName(tx, erasure, 1)).length > 0
}

async function othersThatName(tx: Transaction, { accountId, addresses }: Erasure, limit: number): Promise<string[]> {
  const others = await tx.$queryRaw<Array<{ id: string }>>`
    SELECT account_id AS id FROM email_changes
    WHERE (from_address = ANY(${addresses}) OR to_address = ANY(${addresses})) AND account_id <> ${accountId}::uuid
    UNION
    SELECT account_id FROM mailed_tokens
    WHERE address = ${anyOf(addresses)} AND account_id <> ${accountId}::uuid
    LIMIT ${limit}`
  return others.map(({ id }) => id)
}

/** A revert link that was mailed to the address would restore the address, so it ends. The other links stay. */
async function eraseFromLinks(tx: Transaction, { addresses, startedAt }: Erasure, others: readonly string[]) {
  await tx.$executeRaw`
    UPDATE mailed_tokens SET
      address = 'erased',
      expires_at = CASE WHEN purpose = 'revert_email' THEN LEAST(expires_at, ${startedAt}::timestamptz) ELSE expires_at END
    WHERE address = ANY(${addresses}) AND account_id = ANY(${others}::uuid[])`
}

/** A pending change ends, because nobody can take an erased person's address. */
async function eraseFromChanges(tx: Transaction, { addresses, startedAt }: Erasure, others: readonly string[]) {
  await tx.$executeRaw`
    UPDATE email_changes SET
      from_email = CASE WHEN from_address = ANY(${addresses}) THEN 'erased' ELSE from_email END,
      from_address = CASE WHEN from_address = ANY(${addresses}) THEN 'erased' ELSE from_address END,
      to_email = CASE WHEN to_address = ANY(${addresses}) THEN 'erased' ELSE to_email END,
      to_address = CASE WHEN to_address = ANY(${addresses}) THEN 'erased' ELSE to_address END,
      end_reason = CASE WHEN confirmed_at IS NULL AND ended_at IS NULL THEN 'address_erased' ELSE end_reason END,
      ended_at = CASE WHEN confirmed_at IS NULL AND ended_at IS NULL THEN ${startedAt}::timestamptz ELSE ended_at END
    WHERE (from_address = ANY(${addresses}) OR to_address = ANY(${addresses})) AND account_id = ANY(${others}::uuid[])`
}
