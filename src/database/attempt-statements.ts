import type { Pool } from './client.ts'
import { isWriteConflict } from './connection/connection-errors.ts'
import type { Connection } from './statement.ts'

/**
 * The statements that count attempts at a password (domain/throttle). They run for every guess, so they are written by
 * hand, as in session-statements.ts.
 */

/** A counter, with the numbers of its ladder (domain/throttle/ladders.ts). */
export interface CounterRow {
  readonly key: string
  readonly freeFailures: number
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
  readonly forgottenBefore: Date
}

export interface AttemptRows {
  readonly addressHash: string
  readonly network: CounterRow
  readonly strangers: CounterRow
  readonly now: Date
  readonly knownSince: Date
}

/** The failures of a counter with the new one. */
export interface Counted {
  readonly failures: number
  readonly blockedUntil: Date | null
}

export interface CountedRows {
  /** Null if the attempt was refused: then nothing was counted. */
  readonly atNetwork: (Counted & { readonly isKnown: boolean }) | null
  /**
   * Null if the network is known, or if a concurrent attempt has just made the strangers' counter block. In the second
   * case, the attempt was counted at its network only.
   */
  readonly ofStrangers: Counted | null
}

interface CountRow {
  networkFailures: number | null
  networkBlockedUntil: Date | null
  isKnown: boolean
  strangersFailures: number | null
  strangersBlockedUntil: Date | null
}

/**
 * Counts an attempt at its network, and at the strangers' counter unless the network is known. A blocked attempt changes
 * no row. The statement locks the network's row before the strangers', as every transaction does.
 */
export async function countAttemptRows(pool: Pool, attempt: AttemptRows): Promise<CountedRows> {
  const { addressHash, network, strangers, now, knownSince } = attempt
  const values = [network.key, strangers.key, now, knownSince, addressHash, ...ladder(network), ...ladder(strangers)]
  const count = () => pool.query<CountRow>({ name: 'count-attempt', text: COUNT_ATTEMPT, values })
  const { rows } = await count().catch((error: unknown) => {
    if (isWriteConflict(error)) return count()
    throw error
  })
  const [row] = rows
  const { networkFailures = null, strangersFailures = null } = row ?? {}
  if (!row || networkFailures === null) return { atNetwork: null, ofStrangers: null }
  return {
    atNetwork: { failures: networkFailures, blockedUntil: row.networkBlockedUntil, isKnown: row.isKnown },
    ofStrangers:
      strangersFailures === null ? null : { failures: strangersFailures, blockedUntil: row.strangersBlockedUntil },
  }
}

function ladder({ freeFailures, firstWaitSeconds, longestWaitSeconds, forgottenBefore }: CounterRow) {
  return [freeFailures, firstWaitSeconds, longestWaitSeconds, forgottenBefore]
}

/** The strangers' counter does not block a network that is known to be the owner's. */
const BLOCKED_UNTIL = `
  SELECT max(t.blocked_until) AS until FROM throttles t
  WHERE t.key IN ($1, $2) AND t.blocked_until > $3
    AND (t.key = $1 OR NOT EXISTS (SELECT FROM throttles n WHERE n.key = $1 AND n.succeeded_at > $4))`

/** Until when an attempt is blocked; null if it is not. */
export async function readBlock(
  pool: Pool,
  { network, strangers, now, knownSince }: AttemptRows,
): Promise<Date | null> {
  const { rows } = await pool.query<{ until: Date | null }>({
    name: 'read-block',
    text: BLOCKED_UNTIL,
    values: [network.key, strangers.key, now, knownSince],
  })
  return rows[0]?.until ?? null
}

/** Adds one failure to a counter that does not block; $3 is the time. The parameters of its ladder begin at `first`. */
const addFailure = (first: number) => {
  const [free, firstWait, longestWait, forgottenBefore] = [0, 1, 2, 3].map((index) => `$${first + index}`)
  return `
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.updated_at < ${forgottenBefore} THEN 1 ELSE t.failures + 1 END,
      blocked_until = CASE WHEN t.updated_at >= ${forgottenBefore} AND t.failures + 1 >= ${free}::int
        THEN $3::timestamptz + make_interval(secs => LEAST(
          ${longestWait}::int, ${firstWait}::int * power(2, LEAST(t.failures + 1 - ${free}::int, 20)))) END,
      updated_at = excluded.updated_at
    WHERE t.blocked_until IS NULL OR t.blocked_until <= excluded.updated_at
    RETURNING failures, blocked_until, succeeded_at`
}

const COUNT_ATTEMPT = `
  WITH block AS MATERIALIZED (${BLOCKED_UNTIL}
  ), at_network AS (
    INSERT INTO throttles AS t (key, address_hash, failures, updated_at)
    SELECT $1, $5, 1, $3::timestamptz FROM block WHERE until IS NULL ${addFailure(6)}
  ), of_strangers AS (
    INSERT INTO throttles AS t (key, address_hash, failures, updated_at)
    SELECT $2, $5, 1, $3::timestamptz FROM at_network WHERE succeeded_at IS NULL OR succeeded_at <= $4 ${addFailure(10)}
  )
  SELECT n.failures AS "networkFailures", n.blocked_until AS "networkBlockedUntil",
         n.succeeded_at IS NOT NULL AND n.succeeded_at > $4 AS "isKnown",
         s.failures AS "strangersFailures", s.blocked_until AS "strangersBlockedUntil"
  FROM at_network n LEFT JOIN of_strangers s ON true`

/** Takes one failure back. */
export async function takeFailureBack(
  database: Connection,
  counter: { readonly key: string; readonly freeFailures: number },
): Promise<void> {
  await database.query({
    name: 'take-failure-back',
    text: TAKE_FAILURE_BACK,
    values: [counter.key, counter.freeFailures],
  })
}

const TAKE_FAILURE_BACK = `
  UPDATE throttles SET failures = failures - 1, blocked_until = CASE WHEN failures > $2::int THEN blocked_until END
  WHERE key = $1 AND failures > 0`

/** Clears a network's failures after a correct password from it, and makes it known. */
export async function clearNetworkFailures(database: Connection, key: string, now: Date): Promise<void> {
  await database.query({ name: 'clear-network-failures', text: CLEAR_NETWORK_FAILURES, values: [key, now] })
}

const CLEAR_NETWORK_FAILURES = `
  UPDATE throttles SET failures = 0, blocked_until = NULL, succeeded_at = $2 WHERE key = $1`
