import type { Transaction } from '../../database/client.ts'

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
export async function countMailOutcomes(tx: Transaction, outcomes: readonly MailOutcome[]): Promise<void> {
  const counts = new Map<string, MailOutcome & { count: number }>()
  for (const { kind, outcome } of outcomes) {
    const key = `${kind} ${outcome}`
    counts.set(key, { kind, outcome, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  // The order is always the same, so that two transactions that count the same outcomes cannot deadlock.
  for (const [, { kind, outcome, count }] of [...counts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await tx.$executeRaw`
      INSERT INTO mail_outcomes AS counted (kind, outcome, count) VALUES (${kind}, ${outcome}, ${count})
      ON CONFLICT (kind, outcome) DO UPDATE SET count = counted.count + excluded.count`
  }
}
