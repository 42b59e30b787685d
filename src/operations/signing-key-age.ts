import type { Pool } from '../database/client.ts'
import { readAtScrape } from './read-at-scrape.ts'

/** How long the current signing key has been signing, in seconds; null if the database does not answer at once. */
export async function readSigningKeyAge(pool: Pool, now: Date): Promise<number | null> {
  const rows = await readAtScrape<{ seconds: number }>(pool, READ_AGE, [now])
  return rows?.[0]?.seconds ?? null
}

const READ_AGE = `
  SELECT greatest(0, extract(epoch FROM $1::timestamptz - coalesce(activated_at, created_at)))::float8 AS seconds
  FROM keys WHERE purpose = 'signing' AND state = 'current'`
