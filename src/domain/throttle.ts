import type { Deps } from '../deps.ts'
import { hashAddress } from './addresses.ts'
import type { Origin } from './events.ts'
import { networkOf } from './network.ts'
import { Refusal } from './problems.ts'

/** Guesses that cost nothing; from this one on every further guess waits, twice as long each time. */
const FREE_FAILURES = 5
const FIRST_WAIT_SECONDS = 5
const LONGEST_WAIT_SECONDS = 900
/** Failures older than this are forgotten. */
const MEMORY_SECONDS = 86_400

export interface Attempt {
  readonly key: string
  readonly addressHash: string
}

/**
 * Counts a guess before it is compared, so that two hundred at once are two hundred, not one. Counted for the address
 * and the network it comes from: a stranger elsewhere can neither lock the owner out nor profit from the owner's
 * success, and an address nobody has behaves like one somebody has. Every check of a current password shares the count.
 *
 * @throws {Refusal} too_many_attempts; a guess that is not compared is not counted, so trying on does not prolong the wait.
 */
export async function countAttempt(deps: Deps, address: string, origin: Origin): Promise<Attempt> {
  const addressHash = hashAddress(deps, address)
  const key = hashAddress(deps, `guess ${address} from ${networkOf(origin.ip)}`)
  const now = deps.clock.now()
  const counted = await deps.db.$executeRaw`
    INSERT INTO throttles AS t (key, address_hash, failures, updated_at) VALUES (${key}, ${addressHash}, 1, ${now})
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.updated_at < ${ago(now, MEMORY_SECONDS)} THEN 1 ELSE t.failures + 1 END,
      blocked_until = CASE WHEN t.updated_at >= ${ago(now, MEMORY_SECONDS)} AND t.failures + 1 >= ${FREE_FAILURES}::int
        THEN ${now}::timestamptz + make_interval(secs => LEAST(
          ${LONGEST_WAIT_SECONDS}::int, ${FIRST_WAIT_SECONDS}::int * power(2, LEAST(t.failures + 1 - ${FREE_FAILURES}::int, 20)))) END,
      updated_at = excluded.updated_at
    WHERE t.blocked_until IS NULL OR t.blocked_until <= excluded.updated_at`
  if (counted === 0) throw await blocked(deps, key, now)
  return { key, addressHash }
}

/** The guess was right: what was counted for it no longer stands. */
export async function forgetAttempts(deps: Deps, attempt: Attempt): Promise<void> {
  await deps.db.throttle.deleteMany({ where: { key: attempt.key } })
}

async function blocked(deps: Deps, key: string, now: Date): Promise<Refusal> {
  const throttle = await deps.db.throttle.findUnique({ where: { key }, select: { blockedUntil: true } })
  const waitMs = (throttle?.blockedUntil?.getTime() ?? 0) - now.getTime()
  return new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
}

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}

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
