import type { Pool } from '../database/client.ts'
import type { MailOutcomeCount } from './database-readings.ts'
import { readAtScrape } from './read-at-scrape.ts'

export async function readMailOutcomes(pool: Pool): Promise<MailOutcomeCount[] | null> {
  return readAtScrape<MailOutcomeCount>(pool, 'SELECT kind, outcome, count::float8 AS count FROM mail_outcomes')
}
