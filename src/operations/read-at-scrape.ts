import type { Pool } from '../database/client.ts'

const LONGEST_READ_MS = 1_000

/** Reads figures for the metrics. A scrape does not wait for a database that does not answer: the result is null then. */
export async function readAtScrape<Row extends object>(
  pool: Pool,
  text: string,
  values: unknown[] = [],
): Promise<Row[] | null> {
  // node-postgres reads `query_timeout`, although its types do not have it.
  const query = { text, values, query_timeout: LONGEST_READ_MS } as { text: string; values: unknown[] }
  return pool.query<Row>(query).then(
    ({ rows }) => rows,
    () => null,
  )
}
