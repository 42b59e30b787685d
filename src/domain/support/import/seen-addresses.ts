import type { Pool } from '../../../database/client.ts'
import type { NewUser } from './new-user.ts'

/** The addresses that a dry run would have imported so far. */
export interface SeenAddresses {
  /** The fingerprints of the given users whose addresses have been seen, by address. */
  find(users: readonly NewUser[]): Promise<Map<string, string>>
  add(users: readonly NewUser[]): Promise<void>
  close(): Promise<void>
}

/** Stores the addresses in a temporary table, because a file may be larger than the memory. */
export async function openSeenAddresses(pool: Pool): Promise<SeenAddresses> {
  await pool.assertSessions()
  const connection = await pool.connect()
  await connection.query('CREATE TEMPORARY TABLE seen_addresses (address text PRIMARY KEY, fingerprint text NOT NULL)')
  return {
    async find(users) {
      const { rows } = await connection.query<{ address: string; fingerprint: string }>(
        'SELECT address, fingerprint FROM seen_addresses WHERE address = ANY($1)',
        [users.map(({ address }) => address)],
      )
      return new Map(rows.map(({ address, fingerprint }) => [address, fingerprint]))
    },
    async add(users) {
      await connection.query('INSERT INTO seen_addresses SELECT * FROM unnest($1::text[], $2::text[])', [
        users.map(({ address }) => address),
        users.map(({ fingerprint }) => fingerprint),
      ])
    },
    async close() {
      connection.release(true) // closed, and the table with it
    },
  }
}
