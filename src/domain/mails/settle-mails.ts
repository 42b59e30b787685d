import { Prisma } from '../../database/generated/client.ts'
import { type Executor, runStatement } from '../../database/statement.ts'
import type { Deps } from '../../deps.ts'
import { addToOutcomes } from './mail-outcomes.ts'
import type { UnsentMail } from './planning/planned-mail.ts'

/** What became of one attempt to send a mail. A mail that will be tried again is not settled. */
export interface SettledMail {
  readonly id: string
  /** What was sent or, if nothing was, what was requested. */
  readonly kind: string
  readonly outcome: 'sent' | 'failed' | UnsentMail['unsent']
  /** Why it was not sent, as Support reads it. */
  readonly reason: string | null
  readonly providerMessageId: string | null
}

/** A mail that was sent counts even if it was erased in the meantime. */
const COUNTED = Prisma.sql`(
  SELECT kind, outcome FROM settled LEFT JOIN updated USING (id) WHERE updated.id IS NOT NULL OR outcome = 'sent'
) AS counted`

/**
 * Records and counts what became of mails, in one statement for all of them: all workers wait for the rows of the counts,
 * so each transaction that holds them should settle as many mails as possible.
 *
 * The provider's event about a mail may arrive before this, and a state never goes back: the provider has the mail, even
 * if its answer to us was lost. A mail may also have been erased while the request to the provider was running. The rows
 * are locked in the order of their ids, as `lockMailRows` does, and their state is read after that: see `readWaitingMail`.
 */
export async function settleMails({ pool, clock }: Pick<Deps, 'pool' | 'clock'>, mails: readonly SettledMail[]) {
  const now = clock.now()
  await runStatement(
    pool,
    'settle-mails',
    Prisma.sql`
      WITH settled AS MATERIALIZED (
        SELECT * FROM json_to_recordset(${JSON.stringify(mails)}::json) AS s(
          id uuid, kind text, outcome text, reason text, "providerMessageId" text)
      ), locked AS MATERIALIZED (
        SELECT id, state FROM mails WHERE id = ANY(${mails.map(({ id }) => id)}::uuid[]) ORDER BY id FOR UPDATE
      ), due AS MATERIALIZED (
        SELECT settled.*, CASE WHEN outcome = 'sent' THEN state = 'sending' ELSE state IN ('queued', 'sending') END AS moves
        FROM locked JOIN settled USING (id)
      ), updated AS (
        UPDATE mails SET
          state = CASE WHEN moves THEN outcome ELSE state END,
          reason = CASE WHEN moves THEN due.reason ELSE mails.reason END,
          state_at = CASE WHEN moves THEN ${now} ELSE state_at END,
          sent_at = CASE WHEN outcome = 'sent' THEN ${now} ELSE sent_at END,
          provider_message_id = CASE WHEN outcome = 'sent' THEN "providerMessageId" ELSE provider_message_id END,
          attempts = attempts + CASE WHEN outcome IN ('sent', 'failed') THEN 1 ELSE 0 END
        FROM due WHERE mails.id = due.id AND (moves OR outcome = 'sent')
        RETURNING mails.id
      )
      ${addToOutcomes(COUNTED)}`,
  )
}

/**
 * Records that an attempt to send a mail has failed, and that there will be another. The caller adds the job for it.
 *
 * @returns false if the mail is not waiting any more.
 */
export async function returnToQueue(on: Executor, mailId: string, reason: string): Promise<boolean> {
  const returned = await runStatement(
    on,
    'return-mail-to-queue',
    Prisma.sql`
      WITH locked AS MATERIALIZED (SELECT id, state FROM mails WHERE id = ${mailId}::uuid FOR UPDATE)
      UPDATE mails SET state = 'queued', reason = ${reason}, attempts = attempts + 1
      FROM locked WHERE mails.id = locked.id AND locked.state IN ('queued', 'sending')
      RETURNING mails.id`,
  )
  return returned.length > 0
}
