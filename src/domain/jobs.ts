import type { Transaction } from '../database/client.ts'

/** What an erasure still has to find. Only its job knows this, and only until it is done. */
export interface Erasure {
  readonly accountId: string
  /** The addresses that the person had, in their normalised form. Empty if everything that names them is erased already. */
  readonly addresses: readonly string[]
  /** The new addresses of email changes that the person requested and did not confirm. */
  readonly requestedAddresses: readonly string[]
  /** RFC 3339. Rows that strangers add for the address later are not the person's. */
  readonly startedAt: string
}

/** The registrations of an address that has an account by now. Later ones are those of strangers, and expire. */
export interface DeletedRegistrations {
  readonly address: string
  /** RFC 3339. */
  readonly createdUntil: string
}

/** Every job that the service gives to its queue, by name, with its payload. A payload never holds a secret. */
export interface JobPayloads {
  send_mail: { readonly mailId: string }
  send_reset_mail: { readonly mailId: string }
  send_registration_mail: { readonly mailId: string }
  lift_suppression: { readonly address: string }
  address_security_events: { readonly accountId: string }
  deliver_security_events: { readonly accountId: string; readonly url: string }
  finish_erasure: Erasure
  delete_registrations: DeletedRegistrations
}

export type JobName = keyof JobPayloads

export interface JobOptions {
  /** Seconds until the job may start, by the database's clock, which all workers share. */
  readonly delaySeconds?: number
  /** At most one waiting job has this key: adding it again changes the job that waits. */
  readonly key?: string
  /** With `key`: whether a job that already waits takes the new start time, or keeps its own. */
  readonly keyMode?: 'replace' | 'preserve_run_at'
  /** Jobs of one queue run one after the other. */
  readonly queue?: string
  /** Of the jobs whose time has come, the one with the lowest number runs first. */
  readonly priority?: number
  /** How often the queue runs a job that throws, before it drops it. */
  readonly maxAttempts?: number
}

/**
 * Adds a job in the caller's transaction, so that the job exists exactly if the change is committed. Two kinds of jobs are
 * also added by statements of their own: those that send mails (mails/queue-mail.ts, mails/mail-jobs.ts), and
 * `address_security_events` for a reused refresh token (database/session-statements.ts).
 */
export async function addJob<Name extends JobName>(
  tx: Transaction,
  name: Name,
  payload: JobPayloads[Name],
  options: JobOptions = {},
): Promise<void> {
  const { delaySeconds = 0, key = null, keyMode = 'replace', queue = null } = options
  const { priority = 0, maxAttempts = 25 } = options
  await tx.$executeRaw`
    SELECT graphile_worker.add_job(${name}::text, ${JSON.stringify(payload)}::json, queue_name => ${queue}::text,
      run_at => now() + make_interval(secs => ${delaySeconds}::float8), job_key => ${key}::text,
      job_key_mode => ${keyMode}::text, priority => ${priority}::int, max_attempts => ${maxAttempts}::int)`
}

/** Takes a job out of the queue that waits under this key, if there is one. */
export async function removeJob(tx: Transaction, key: string): Promise<void> {
  await tx.$executeRaw`SELECT graphile_worker.remove_job(${key}::text)`
}

/** The key of the job that asks the provider to take an address off its lists; an erasure removes that job. */
export function suppressionJobKey(address: string): string {
  return `suppression ${address}`
}
