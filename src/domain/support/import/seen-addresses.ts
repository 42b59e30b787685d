import type { Pool } from '../../../database/client.ts'
import type { NewUser } from './new-user.ts'

/** What a dry run would have imported so far. */
export interface SeenAddresses {
  /** The fingerprints of those users whose address is among it, by address. */
  find(users: readonly NewUser[]): Promise<Map<string, string>>
  add(users: readonly NewUser[]): Promise<void>
  close(): Promise<void>
}

/** Kept in a temporary table, not in memory: a file may be larger than that, and an address may stand in it twice. */
export async function openSeenAddresses(pool: Pool): Promise<SeenAddresses> {
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
