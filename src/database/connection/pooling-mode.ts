import type pg from 'pg'
import { DatabaseRefused, DatabaseUnreachable } from './connection-errors.ts'

/**
 * `session`: each connection has a session of the server for itself. `transaction`: a pooler lends it one for the length of
 * a transaction, which may be another one each time.
 */
export type PoolingMode = 'session' | 'transaction'

/** Other clients of a busy pooler take sessions in between, so that a few looks may miss what is shared. */
const ROUNDS = 4

/**
 * Finds out whether there is a pooler between this connection and the server, and what it lends.
 *
 * @param client A connection for which nothing has been set yet: a pooler would lend that session to others.
 * @param connectAnother Opens a second connection of the same kind. It is closed here.
 * @throws {DatabaseRefused} if no transaction is possible (PgBouncer: pool_mode = statement).
 */
export async function detectPoolingMode(
  client: pg.Client,
  connectAnother: () => Promise<pg.Client>,
): Promise<PoolingMode> {
  // The server tells each connection the process id of its session, for cancel requests. A pooler cannot pass it on,
  // because the session changes, and tells an id of its own.
  const { processID } = client as unknown as { processID: number | null }
  if (processID === (await readServerProcess(client))) return 'session'
  const other = await connectAnother()
  try {
    await assertTransactions(other)
    return (await haveOwnSessions(client, other)) ? 'session' : 'transaction'
  } finally {
    await other.end()
  }
}

/**
 * A pooler in transaction mode that hands out the session that was used last gives both connections the same one. A
 * pooler that takes its sessions in turn gives a connection another one at its next statement.
 */
async function haveOwnSessions(one: pg.ClientBase, other: pg.ClientBase): Promise<boolean> {
  const ofOne = new Set<number>()
  const ofOther = new Set<number>()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let twice = 0; twice < 2; twice += 1) ofOne.add(await readServerProcess(one))
    for (let twice = 0; twice < 2; twice += 1) ofOther.add(await readServerProcess(other))
    if (new Set([...ofOne, ...ofOther]).size !== 2) return false
  }
  return ofOne.size === 1
}

async function assertTransactions(client: pg.ClientBase): Promise<void> {
  try {
    await client.query('BEGIN')
    await client.query('ROLLBACK')
  } catch (error) {
    if (error instanceof DatabaseUnreachable) throw error
    throw new DatabaseRefused(
      `The connection pooler in DATABASE_URL refuses transactions: ${(error as Error).message}. Use pool_mode = session or transaction.`,
      { cause: error },
    )
  }
}

async function readServerProcess(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid ?? 0
}

/** For what needs sessions: `migrate`, the worker, and temporary tables. */
export function refuseTransactionMode(): never {
  throw new DatabaseRefused(
    'DATABASE_URL_DIRECT (if unset: DATABASE_URL) leads through a connection pooler in transaction mode, which only requests can use. Set DATABASE_URL_DIRECT to PostgreSQL itself, without the pooler.',
  )
}
