import { Prisma } from '../../../database/generated/client.ts'
import { newId } from '../../../database/new-id.ts'
import { runStatement } from '../../../database/statement.ts'
import { eventColumns } from '../../events/record-event.ts'
import { hashMailbox } from '../mailbox.ts'
import type { HandWrittenPlanning, LocalizedMail, PlannedMail, Planning } from './planned-mail.ts'

/**
 * Stores what is about to be sent: the mail's new state, its link and its audit event.
 *
 * @returns the plan, or null if the mail is not waiting any more. Then nothing is stored.
 */
export async function storePlan(
  planning: Planning | HandWrittenPlanning,
  plan: LocalizedMail,
): Promise<LocalizedMail | null> {
  const { deps, tx, mail, now } = planning
  const { to, accountId, text, token, event } = plan
  const stored = await runStatement(
    tx,
    'store-mail-plan',
    Prisma.sql`
      WITH waiting AS MATERIALIZED (
        SELECT id FROM (SELECT id, state FROM mails WHERE id = ${mail.id}::uuid FOR UPDATE) AS locked
        WHERE state IN ('queued', 'sending')
      ), planned AS (
        UPDATE mails SET kind = ${text.kind}, account_id = ${accountId}::uuid, email = ${to.email}, address = ${to.address},
                         mailbox = ${hashMailbox(deps, to.address)}, state = 'sending', state_at = ${now}
        FROM waiting WHERE mails.id = waiting.id
        RETURNING mails.id
      ), link AS (
        INSERT INTO mailed_tokens (token_hash, purpose, mail_id, address, account_id, credential_version, registration_id,
                                   email_change_id, created_at, expires_at)
        SELECT t."tokenHash", t.purpose, planned.id, t.address, t."accountId", t."credentialVersion", t."registrationId",
               t."emailChangeId", t."createdAt", t."expiresAt"
        FROM planned, json_to_recordset(${JSON.stringify(token ? [token] : [])}::json) AS t(
          "tokenHash" text, purpose text, address text, "accountId" uuid, "credentialVersion" int, "registrationId" uuid,
          "emailChangeId" uuid, "createdAt" timestamptz, "expiresAt" timestamptz)
      ), event AS (
        INSERT INTO events (id, at, type, outcome, account_id, actor_type, actor_id, ip, user_agent, request_id, details)
        SELECT e.id, e.at, e.type, e.outcome, e."accountId", e."actorType", e."actorId", e.ip, e."userAgent", e."requestId",
               e.details
        FROM planned, json_to_recordset(${JSON.stringify(eventRows(event))}::json) AS e(
          id uuid, at timestamptz, type text, outcome text, "accountId" uuid, "actorType" text, "actorId" text, ip text,
          "userAgent" text, "requestId" uuid, details jsonb)
      )
      SELECT id FROM planned`,
  )
  return stored.length === 0 ? null : plan
}

function eventRows(event: PlannedMail['event']): object[] {
  return event ? [{ id: newId(), ...eventColumns(event) }] : []
}
