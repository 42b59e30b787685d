import type { Deps } from '../../deps.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { Refusal } from '../problems.ts'

/**
 * Counts the use of something that may be done so often in a window, whether the use is then refused or not.
 *
 * @throws {Refusal} too_many_attempts
 */
export async function limitUse(
  deps: Deps,
  what: string,
  limit: { most: number; windowSeconds: number },
): Promise<void> {
  const { most, windowSeconds } = limit
  const key = hashAddress(deps, what)
  const now = deps.clock.now()
  const windowEnd = new Date(now.getTime() + windowSeconds * 1000)
  const [used] = await deps.db.$queryRaw<Array<{ failures: number; blocked_until: Date }>>`
    INSERT INTO throttles AS t (key, address_hash, failures, blocked_until, updated_at)
    VALUES (${key}, ${key}, 1, ${windowEnd}, ${now})
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.blocked_until <= ${now} THEN 1 ELSE t.failures + 1 END,
      blocked_until = CASE WHEN t.blocked_until <= ${now} THEN excluded.blocked_until ELSE t.blocked_until END,
      updated_at = excluded.updated_at
    RETURNING failures, blocked_until`
  if (used && used.failures > most) {
    const waitMs = used.blocked_until.getTime() - now.getTime()
    throw new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
  }
}
