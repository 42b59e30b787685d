import type { Pool } from '../database/client.ts'
import type { MailBacklog } from './database-readings.ts'
import { readAtScrape } from './read-at-scrape.ts'

/** Reads the backlog at every scrape, with a separate index. */
export async function readMailBacklog(pool: Pool, now: Date): Promise<MailBacklog | null> {
  const rows = await readAtScrape<MailBacklog>(pool, READ_BACKLOG, [now])
  return rows?.[0] ?? null
}

const READ_BACKLOG = `
  SELECT count(*)::int AS waiting,
         greatest(0, coalesce(extract(epoch FROM $1::timestamptz - min(queued_at)), 0))::float8 AS "oldestSeconds"
  FROM mails WHERE state IN ('queued', 'sending')`
