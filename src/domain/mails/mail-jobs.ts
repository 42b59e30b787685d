import { Prisma } from '../../database/generated/client.ts'
import { type Executor, runStatement } from '../../database/statement.ts'

/**
 * The mails that a request can ask for. The first three name only an address. The request must not reveal whether there
 * is an account, by its answer or by its time, so the worker decides which mail is sent, if any.
 */
export type RequestedMail =
  | 'registration'
  | 'verification'
  | 'reset_password'
  | 'reset_by_support'
  | 'reset_after_revert'
  | 'choose_password'
  | 'confirm_email'
  | 'email_change_requested'
  | 'email_changed'
  | 'email_change_reverted'
  | 'password_changed'
  | 'password_was_reset'

/** The jobs that send mails. Each has slots of its own in the worker, so that none of them waits for another. */
export type MailJob = 'send_mail' | 'send_reset_mail' | 'send_registration_mail'

/** Requests that need no sign-in, for any address. All others come from an account's owner or from Support. */
const OPEN_TO_ANYBODY: Readonly<Partial<Record<RequestedMail, MailJob>>> = {
  registration: 'send_registration_mail',
  verification: 'send_registration_mail',
  reset_password: 'send_reset_mail',
}

export function needsNoSignIn(request: RequestedMail): boolean {
  return OPEN_TO_ANYBODY[request] !== undefined
}

/** The job that sends the mail. */
export function jobOf(request: RequestedMail): MailJob {
  return OPEN_TO_ANYBODY[request] ?? 'send_mail'
}

/** The key of a mail's job: adding the job again moves it. */
export function mailJobKey(mailId: string): string {
  return `mail ${mailId}`
}

/** A network that has more waiting mails than this is served last. Above it, the number makes no difference. */
const LONGEST_LINE = 1_000
/** The queue drops a job after this many attempts. It is so high that domain/mails alone decides when to give up. */
export const MOST_ATTEMPTS = 30_000

/**
 * Adds the job that sends a mail; a mail has one job, and adding it again moves it. `queueMail` adds the first job of a
 * mail.
 */
export async function addMailJob(
  on: Executor,
  mail: { readonly id: string; readonly request: RequestedMail; readonly network: string | null },
  delaySeconds: number,
): Promise<void> {
  const { id, request, network } = mail
  const job = jobOf(request)
  await runStatement(
    on,
    'add-mail-job',
    Prisma.sql`
      SELECT true AS added FROM graphile_worker.add_job(
        ${job}::text, json_build_object('mailId', ${id}::text), run_at => now() + make_interval(secs => ${delaySeconds}::float8),
        job_key => ${mailJobKey(id)}::text, priority => ${countWaiting({ id, network, job })},
        max_attempts => ${MOST_ATTEMPTS}::int)`,
  )
}

/**
 * Networks take turns: a job's priority is the number of mails that its network has waiting in the job's lane, so that
 * the first mail of every network is sent before the second mail of any network.
 *
 * @returns an expression for a statement.
 */
export function countWaiting(mail: { id: string; network: string | null; job: MailJob }): Prisma.Sql {
  const requests = Object.keys(OPEN_TO_ANYBODY).filter((request) => jobOf(request as RequestedMail) === mail.job)
  return Prisma.sql`(SELECT count(*)::int FROM (
    SELECT 1 FROM mails
    WHERE network = ${mail.network}::text AND state = 'queued' AND request = ANY(${requests}::text[]) AND id <> ${mail.id}::uuid
    LIMIT ${LONGEST_LINE}) AS line)`
}
