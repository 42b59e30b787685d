import { Prisma } from '../../database/generated/client.ts'
import { type Executor, runStatement } from '../../database/statement.ts'

export interface MailOutcome {
  /** What was sent or, if nothing was, what was requested. */
  readonly kind: string
  /** `sent`, `postponed`, `failed`, a reason not to send it (`held_back` …), or a provider's event (`bounced` …). */
  readonly outcome: string
}

/**
 * Counts the outcomes of mails, for the metric `latchkey_mails_total`. The counts are in the database, so that every
 * process can render them. Call it last in the transaction: all transactions that settle mails wait for these rows.
 */
export async function countMailOutcomes(on: Executor, outcomes: readonly MailOutcome[]): Promise<void> {
  if (outcomes.length === 0) return
  const counted = Prisma.sql`json_to_recordset(${JSON.stringify(outcomes)}::json) AS counted(kind text, outcome text)`
  await runStatement(on, 'count-mail-outcomes', addToOutcomes(counted))
}

/**
 * The statement that adds the rows of `counted`, which have a kind and an outcome. It locks the counts in one order, so
 * that two transactions that count the same outcomes cannot deadlock.
 */
export function addToOutcomes(counted: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO mail_outcomes AS total (kind, outcome, count)
    SELECT kind, outcome, count(*) FROM ${counted} GROUP BY kind, outcome ORDER BY kind COLLATE "C", outcome COLLATE "C"
    ON CONFLICT (kind, outcome) DO UPDATE SET count = total.count + excluded.count`
}
