import { inTransaction } from '../../database/client.ts'
import { lockKeys } from '../../database/row-locks.ts'
import { sealingContext } from '../../keys/key-rows.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import type { KeyDeps } from './rotate-signing-key.ts'

/**
 * Encrypts every key under the current SECRET_KEY, so that the previous one is no longer needed. The keys themselves stay
 * the same, and so do all passwords, sessions and locked addresses. If one key does not open, nothing is changed.
 *
 * @throws {WrongSecretKey} if neither SECRET_KEY nor SECRET_KEY_PREVIOUS opens a key.
 */
export async function reencryptKeys(deps: KeyDeps, by: Requester): Promise<{ reencrypted: number; total: number }> {
  const { sealer } = deps.keys
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    const rows = await tx.key.findMany({ select: { id: true, purpose: true, sealed: true } })
    const opened = rows.map((row) => ({ ...row, key: sealer.open(row.sealed, sealingContext(row)) }))
    const outdated = opened.filter(({ sealed }) => !sealer.isCurrent(sealed))
    for (const row of outdated) {
      await tx.key.update({ where: { id: row.id }, data: { sealed: sealer.seal(row.key, sealingContext(row)) } })
    }
    const counts = { reencrypted: outdated.length, total: rows.length }
    if (outdated.length > 0) {
      await recordEvent(tx, { type: 'keys.reencrypted', at: now, ...by, details: counts })
    }
    return counts
  })
}
