import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

/** Receives one line of progress for the operator. */
export type Report = (line: string) => void

/** A migration cannot be applied. The message is one line for the operator. */
export class MigrationRefused extends Error {}

const RETRY_AFTER_MS = 1_000
const WATCH_EVERY_MS = 400
/** If a lock is not free after this time, a person has to look at it. A deployment must not wait longer. */
const GIVE_UP_AFTER_MS = 10 * 60_000

const LOCK_NOT_AVAILABLE = '55P03'
const DEADLOCK_DETECTED = '40P01'

/**
 * Runs `attempt` again for as long as another session holds a lock that it needs, for at most ten minutes. The attempt
 * must limit its own wait with `lock_timeout`, because every statement of the service that needs the same table queues
 * behind it.
 *
 * @param what Begins the line that is reported, e.g. "Migration 20261123000000_init".
 * @throws {MigrationRefused} if the lock was not free within ten minutes.
 */
export async function retryWhileLocked<Result>(
  what: string,
  report: Report,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isLockConflict(error)) throw error
      if (performance.now() > giveUpAt) throw new MigrationRefused(`${what}: a lock was not free within 10 minutes`)
      report(`${what}: the lock was not free within the time limit. Trying again.`)
      await wait(RETRY_AFTER_MS)
    }
  }
}

/**
 * This is shorter than the time-outs of the service's own statements (database/client.ts). Those queue behind a
 * migration that waits for its lock, and must not time out during that wait.
 */
const LIMIT_LOCK_WAITS = "SET LOCAL lock_timeout = '1s'"

/** Runs `work` in a transaction that waits for each lock for a second at most. */
export async function inTransactionWithoutLongWaits(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(LIMIT_LOCK_WAITS)
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined) // the connection was lost, which ends the transaction
    throw error
  }
}

function isLockConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED].includes(error.code ?? '')
}

export interface LockWatch {
  stop(): Promise<void>
}

/** Reports each session that the server process `pid` waits for, once. `watcher` is a separate connection. */
export function watchLocks(watcher: pg.ClientBase, pid: number, report: Report): LockWatch {
  const reported = new Set<string>()
  let isStopped = false
  const stopping = new AbortController()
  const watching = (async () => {
    while (!isStopped) {
      const { rows } = await watcher.query<{ line: string }>(LOCK_HOLDERS, [pid])
      for (const { line } of rows) {
        if (!reported.has(line)) report(line)
        reported.add(line)
      }
      await wait(WATCH_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })().catch(() => undefined) // if this connection is lost, the migration continues without reports
  return {
    async stop() {
      isStopped = true
      stopping.abort()
      await watching
    },
  }
}

/**
 * The text of the query is left out, because it may contain data that must not be logged. The watcher itself is left out:
 * an index that is built concurrently waits for every query that has begun before, and so for this one.
 */
const LOCK_HOLDERS = `
  SELECT format('Waiting for a lock that is held by pid %s (application "%s", role "%s", query started %s)', pid,
           coalesce(application_name, 'unknown'), usename,
           coalesce(to_char(query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'at an unknown time')) AS line
  FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids($1)) AND pid <> pg_backend_pid() ORDER BY pid`
