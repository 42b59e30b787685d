import type pg from 'pg'
import { DatabaseRefused } from './connection-errors.ts'
import type { DatabasePool } from './database-pool.ts'

/**
 * Makes sure that each connection has its own session on the server. The limits, the named statements, LISTEN and the
 * session locks need that. Through a pooler in transaction mode they fail occasionally and without an error.
 *
 * @throws {DatabaseRefused} if two open connections share one session of the server.
 */
export async function assertSessionMode(first: pg.ClientBase, pool: DatabasePool): Promise<void> {
  const second = await pool.connect()
  try {
    const before = await readServerProcess(first)
    // A pooler in transaction mode gives the session of the first connection to the second one. While the transaction
    // holds that session, the first connection receives another one.
    await second.query('BEGIN')
    const during = await readServerProcess(second)
    const after = await readServerProcess(first)
    await second.query('ROLLBACK')
    if (before === during || before !== after) {
      throw new DatabaseRefused(
        'The connection pooler in DATABASE_URL is in transaction mode, which Latchkey does not support. Use session mode (PgBouncer: pool_mode = session), or connect to PostgreSQL directly.',
      )
    }
  } finally {
    second.release()
  }
}

async function readServerProcess(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid ?? 0
}
