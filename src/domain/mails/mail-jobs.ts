import type { Transaction } from '../../database/client.ts'
import { addJob } from '../jobs.ts'

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

/** A network that has more waiting mails than this is served last. Above it, the number makes no difference. */
const LONGEST_LINE = 1_000
/** The queue drops a job after this many attempts. It is so high that domain/mails alone decides when to give up. */
const MOST_ATTEMPTS = 30_000

/**
 * Adds the job that sends a mail; a mail has one job, and adding it again moves it. Networks take turns: a job's
 * priority is the number of mails that its network has waiting in this job's lane, so that the first mail of
 * every network is sent before the second mail of any network.
 */
export async function addMailJob(
  tx: Transaction,
  mail: { readonly id: string; readonly request: RequestedMail; readonly network: string | null },
  delaySeconds: number,
): Promise<void> {
  const job = OPEN_TO_ANYBODY[mail.request] ?? 'send_mail'
  const priority = mail.network === null ? 0 : await countWaiting(tx, { ...mail, network: mail.network, job })
  await addJob(
    tx,
    job,
    { mailId: mail.id },
    { delaySeconds, key: `mail ${mail.id}`, priority, maxAttempts: MOST_ATTEMPTS },
  )
}

async function countWaiting(
  tx: Transaction,
  { id, network, job }: { id: string; network: string; job: MailJob },
): Promise<number> {
  const requests = Object.keys(OPEN_TO_ANYBODY).filter((request) => OPEN_TO_ANYBODY[request as RequestedMail] === job)
  const rows = await tx.$queryRaw<Array<{ waiting: number }>>`
    SELECT count(*)::int AS waiting FROM (
      SELECT 1 FROM mails
      WHERE network = ${network} AND state = 'queued' AND request = ANY(${requests}) AND id <> ${id}::uuid
      LIMIT ${LONGEST_LINE}) AS line`
  return rows[0]?.waiting ?? 0
}
