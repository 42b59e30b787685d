import { type Mail, Prisma } from '../../database/generated/client.ts'
import { runStatement } from '../../database/statement.ts'
import type { Deps } from '../../deps.ts'
import type { RequestedMail } from './mail-jobs.ts'
import type { MailContext } from './queue-mail.ts'

/** A mail that is still to be sent, as it was requested or as its last attempt has left it. */
export interface WaitingMail
  extends Pick<
    Mail,
    | 'id'
    | 'kind'
    | 'email'
    | 'address'
    | 'accountId'
    | 'registrationId'
    | 'emailChangeId'
    | 'network'
    | 'attempts'
    | 'queuedAt'
  > {
  readonly request: RequestedMail
  readonly context: MailContext
}

/**
 * Reads a mail; null if it is not waiting any more, or was erased. The state is not a condition of the statement: PostgreSQL
 * might then search the index of all waiting mails, and each mail would take longer the more of them wait.
 */
export async function readWaitingMail({ pool }: Pick<Deps, 'pool'>, id: string): Promise<WaitingMail | null> {
  const [mail] = await runStatement<WaitingMail & { state: string }>(
    pool,
    'read-waiting-mail',
    Prisma.sql`
      SELECT id, kind, email, address, account_id AS "accountId", registration_id AS "registrationId",
             email_change_id AS "emailChangeId", network, attempts, queued_at AS "queuedAt", request, context, state
      FROM mails WHERE id = ${id}::uuid`,
  )
  return mail && isWaiting(mail.state) ? mail : null
}

function isWaiting(state: string): boolean {
  return state === 'queued' || state === 'sending'
}
