import { Prisma } from '../../database/generated/client.ts'
import { newId } from '../../database/new-id.ts'
import { type Executor, runStatement } from '../../database/statement.ts'
import { localesIn } from '../../mail/locale.ts'
import { currentSpan } from '../../tracing/span.ts'
import type { Origin } from '../events/record-event.ts'
import { networkOf } from '../throttle/network.ts'
import { countWaiting, jobOf, MOST_ATTEMPTS, mailJobKey, needsNoSignIn, type RequestedMail } from './mail-jobs.ts'

/** What happened, for the text of the mail. It never contains a secret. */
export type MailContext = {
  at: string
  ip: string | null
  userAgent: string | null
  requestId?: string | null
  /** The locales that the request asked for. Missing if it was queued by an earlier version. */
  locales?: string[]
  /** The trace of the request, which the delivery of the mail continues. Missing if traces are off. */
  traceparent?: string
}

export interface QueuedMail {
  readonly request: RequestedMail
  readonly to: { readonly email: string; readonly address: string }
  readonly accountId?: string
  readonly registrationId?: string
  readonly emailChangeId?: string
  readonly receipt?: string
  /** Null if the reader of the mail must not learn where the request came from. */
  readonly origin: Origin | null
  readonly now: Date
}

/**
 * Requests a mail in the transaction of the change that it is about: both are committed or neither. A request that
 * changes nothing else needs no transaction, and passes the pool. The row has no link in it: the worker creates the link
 * when it sends the mail.
 */
export async function queueMail(on: Executor, mail: QueuedMail): Promise<void> {
  const { request, to, receipt = null, origin, now } = mail
  const { accountId = null, registrationId = null, emailChangeId = null } = mail
  const { ip = null, userAgent = null, requestId = null, acceptLanguage = null } = origin ?? {}
  const context: MailContext = { at: now.toISOString(), ip, userAgent, requestId, locales: localesIn(acceptLanguage) }
  const traceparent = currentSpan()?.traceparent
  if (traceparent) context.traceparent = traceparent
  const network = needsNoSignIn(request) && ip !== null ? networkOf(ip) : null
  const job = jobOf(request)
  const id = newId()
  const delaySeconds = Math.random() * LONGEST_START_DELAY_SECONDS
  await runStatement(
    on,
    'queue-mail',
    Prisma.sql`
      WITH queued AS (
        INSERT INTO mails (id, request, email, address, account_id, registration_id, email_change_id, receipt, context,
                           network, queued_at, state_at)
        VALUES (${id}::uuid, ${request}, ${to.email}, ${to.address}, ${accountId}::uuid, ${registrationId}::uuid,
                ${emailChangeId}::uuid, ${receipt}, ${JSON.stringify(context)}::jsonb, ${network}, ${now}, ${now})
      )
      SELECT true AS queued FROM graphile_worker.add_job(
        ${job}::text, json_build_object('mailId', ${id}::text), run_at => now() + make_interval(secs => ${delaySeconds}::float8),
        -- No other job can have the key of a new mail. So the mode makes no difference, and this one is the cheapest.
        job_key => ${mailJobKey(id)}::text, job_key_mode => 'unsafe_dedupe',
        priority => ${countWaiting({ id, network, job })}, max_attempts => ${MOST_ATTEMPTS}::int)`,
  )
}

/**
 * The worker needs longer for an address that has an account. If it started at once, the next request would be measurably
 * slower in that case. So the job starts after a random delay.
 */
const LONGEST_START_DELAY_SECONDS = 0.5
