import type { Pool } from '../database/client.ts'
import type { SecurityEventBacklog } from './database-readings.ts'
import { readAtScrape } from './read-at-scrape.ts'

/** Reads the deliveries of security events that are not delivered. They have an index of their own. */
export async function readSecurityEventBacklog(pool: Pool, now: Date): Promise<SecurityEventBacklog | null> {
  const rows = await readAtScrape<SecurityEventBacklog>(pool, READ_BACKLOG, [now])
  return rows?.[0] ?? null
}

const READ_BACKLOG = `
  SELECT count(*) FILTER (WHERE state = 'pending')::int AS pending,
         count(*) FILTER (WHERE state = 'failed')::int AS failed,
         greatest(0, coalesce(extract(epoch FROM $1::timestamptz - min(queued_at) FILTER (WHERE state = 'pending')), 0))::float8
           AS "oldestPendingSeconds"
  FROM security_event_deliveries WHERE state <> 'delivered'`
