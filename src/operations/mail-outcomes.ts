import type { Pool } from '../database/client.ts'
import type { MailOutcomeCount } from './metrics.ts'

/** Read at every scrape. A database that does not answer at once is not waited for: the result is null then. */
export async function readMailOutcomes(pool: Pool): Promise<MailOutcomeCount[] | null> {
  const text = 'SELECT kind, outcome, count::float8 AS count FROM mail_outcomes'
  const query = { text, values: [], query_timeout: 1_000 } as { text: string; values: unknown[] }
  return pool.query<MailOutcomeCount>(query).then(
    ({ rows }) => rows,
    () => null,
  )
}
