import type { Deps } from '../../deps.ts'
import { Refusal } from '../problems.ts'

export interface UseLimit {
  readonly most: number
  readonly windowSeconds: number
}

/**
 * Counts one use of something that may be done a limited number of times in a window. The use counts even if it is refused
 * afterwards, by this limit or for another reason.
 *
 * @param use What is done, then who does it: each list of texts has a counter of its own.
 * @throws {Refusal} too_many_attempts
 */
export async function limitUse(
  deps: Deps,
  use: readonly [what: string, ...by: string[]],
  { most, windowSeconds }: UseLimit,
): Promise<void> {
  const key = deps.keys.keyedHash('limited use', ...use)
  const now = deps.clock.now()
  const windowEnd = new Date(now.getTime() + windowSeconds * 1000)
  const [counted] = await deps.db.$queryRaw<Array<{ uses: number; window_ends_at: Date }>>`
    INSERT INTO use_counters AS c (key, uses, window_ends_at) VALUES (${key}, 1, ${windowEnd})
    ON CONFLICT (key) DO UPDATE SET
      uses = CASE WHEN c.window_ends_at <= ${now} THEN 1 ELSE c.uses + 1 END,
      window_ends_at = CASE WHEN c.window_ends_at <= ${now} THEN excluded.window_ends_at ELSE c.window_ends_at END
    RETURNING uses, window_ends_at`
  if (counted && counted.uses > most) {
    const waitMs = counted.window_ends_at.getTime() - now.getTime()
    throw new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
  }
}
