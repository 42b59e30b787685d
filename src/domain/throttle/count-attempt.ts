import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../problems.ts'
import type { Counter } from './counters.ts'
import { knownSince } from './known-networks.ts'
import { isLongerWait } from './ladders.ts'
import { secondsBefore } from './time.ts'

/** Where an attempt was counted. The strangers' counter is missing if the network is known to be the owner's. */
export type CountedAttempt = readonly CountedFailure[]

export interface CountedFailure {
  readonly counter: Counter
  readonly failures: number
  /** Until when the next attempt has to wait, if this failure made the wait longer. */
  readonly longerWaitUntil: Date | null
}

export interface Counters {
  readonly addressHash: string
  readonly network: Counter
  readonly strangers: Counter
}

/**
 * Counts an attempt as failed until it turns out to be correct.
 *
 * @throws {Refusal} too_many_attempts, without having counted anything.
 */
export async function countAttempt(deps: Deps, counters: Counters): Promise<CountedAttempt> {
  const now = deps.clock.now()
  await refuseIfBlocked(deps.db, counters, now) // one statement: a flood of refused attempts costs no transaction
  return inTransaction(deps.db, async (tx) => {
    const { addressHash, network, strangers } = counters
    const atNetwork = await countFailure(tx, { counter: network, addressHash, now })
    if (!atNetwork) throw tooManyAttempts(now, await findBlock(tx, counters, now))
    if (atNetwork.isKnown) return [atNetwork]
    const ofStrangers = await countFailure(tx, { counter: strangers, addressHash, now })
    // Thrown in the transaction, so that the network's count is rolled back.
    if (!ofStrangers) throw tooManyAttempts(now, await findBlock(tx, counters, now))
    return [atNetwork, ofStrangers]
  })
}

/** Takes one failure back. */
export async function uncount(tx: Transaction, { key, ladder }: Counter): Promise<void> {
  await tx.$executeRaw`
    UPDATE throttles SET failures = failures - 1,
      blocked_until = CASE WHEN failures > ${ladder.freeFailures}::int THEN blocked_until END
    WHERE key = ${key} AND failures > 0`
}

/** Clears a network's failures after a correct password from it, and makes it known. */
export async function clearNetwork(db: Pick<Transaction, 'throttle'>, { key }: Counter, now: Date): Promise<void> {
  await db.throttle.updateMany({ where: { key }, data: { failures: 0, blockedUntil: null, succeededAt: now } })
}

type Reader = Pick<Transaction, '$queryRaw'>

async function refuseIfBlocked(db: Reader, counters: Counters, now: Date): Promise<void> {
  const blockedUntil = await findBlock(db, counters, now)
  if (blockedUntil) throw tooManyAttempts(now, blockedUntil)
}

/** Until when an attempt is blocked. The strangers' counter does not block a network that is known to be the owner's. */
async function findBlock(db: Reader, { network, strangers }: Counters, now: Date): Promise<Date | null> {
  const [found] = await db.$queryRaw<Array<{ blocked_until: Date | null }>>`
    SELECT max(t.blocked_until) AS blocked_until FROM throttles t
    WHERE t.key IN (${network.key}, ${strangers.key}) AND t.blocked_until > ${now}
      AND (t.key = ${network.key} OR NOT EXISTS (
        SELECT FROM throttles n WHERE n.key = ${network.key} AND n.succeeded_at > ${knownSince(now)}))`
  return found?.blocked_until ?? null
}

/** @returns null if the counter blocks attempts at the moment. */
async function countFailure(
  tx: Transaction,
  failure: { counter: Counter; addressHash: string; now: Date },
): Promise<(CountedFailure & { isKnown: boolean }) | null> {
  const { counter, addressHash, now } = failure
  const { freeFailures, firstWaitSeconds, longestWaitSeconds, memorySeconds } = counter.ladder
  const forgottenBefore = secondsBefore(now, memorySeconds)
  const [row] = await tx.$queryRaw<Array<{ failures: number; blocked_until: Date | null; is_known: boolean | null }>>`
    INSERT INTO throttles AS t (key, address_hash, failures, updated_at)
    VALUES (${counter.key}, ${addressHash}, 1, ${now})
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.updated_at < ${forgottenBefore} THEN 1 ELSE t.failures + 1 END,
      blocked_until = CASE WHEN t.updated_at >= ${forgottenBefore} AND t.failures + 1 >= ${freeFailures}::int
        THEN ${now}::timestamptz + make_interval(secs => LEAST(
          ${longestWaitSeconds}::int, ${firstWaitSeconds}::int * power(2, LEAST(t.failures + 1 - ${freeFailures}::int, 20)))) END,
      updated_at = excluded.updated_at
    WHERE t.blocked_until IS NULL OR t.blocked_until <= excluded.updated_at
    RETURNING failures, blocked_until, succeeded_at > ${knownSince(now)} AS is_known`
  if (!row) return null
  const isLonger = isLongerWait(counter.ladder, row.failures)
  return {
    counter,
    failures: row.failures,
    longerWaitUntil: isLonger ? row.blocked_until : null,
    isKnown: row.is_known === true,
  }
}

function tooManyAttempts(now: Date, blockedUntil: Date | null): Refusal {
  const waitMs = (blockedUntil?.getTime() ?? 0) - now.getTime()
  return new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
}
