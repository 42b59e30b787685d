import type { Pool } from './client.ts'

/**
 * The statement that reads the service's keys at the start and every few seconds. It is written by hand, so that a process
 * without other work does not load the query compiler of Prisma.
 */

export interface StoredKey {
  readonly id: string
  readonly purpose: string
  readonly algorithm: string
  readonly state: string
  readonly sealed: string
  readonly createdAt: Date
  readonly activateAt: Date | null
  readonly activatedAt: Date | null
  readonly retiredAt: Date | null
}

/** Reads all keys: `current` ones come first, then `next` and `retired`; within a state the newest comes first. */
export async function readStoredKeys(pool: Pool): Promise<StoredKey[]> {
  const { rows } = await pool.query<StoredKey>({ name: 'read-keys', text: READ_KEYS })
  return rows
}

const READ_KEYS = `SELECT id, purpose, algorithm, state, sealed, created_at AS "createdAt", activate_at AS "activateAt",
    activated_at AS "activatedAt", retired_at AS "retiredAt"
  FROM keys ORDER BY state, created_at DESC`
