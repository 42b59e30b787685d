import type { Pool } from '../database/client.ts'
import type { MailBacklog } from './metrics.ts'

/** Reads the backlog at every scrape, with a separate index; null if the database does not answer at once. */
export async function readMailBacklog(pool: Pool, now: Date): Promise<MailBacklog | null> {
  const query = { text: READ_BACKLOG, values: [now], query_timeout: 1_000 } as { text: string; values: unknown[] }
  return pool.query<MailBacklog>(query).then(
    ({ rows }) => rows[0] ?? null,
    () => null,
  )
}

const READ_BACKLOG = `
  SELECT count(*)::int AS waiting,
         greatest(0, coalesce(extract(epoch FROM $1::timestamptz - min(queued_at)), 0))::float8 AS "oldestSeconds"
  FROM mails WHERE state IN ('queued', 'sending')`
