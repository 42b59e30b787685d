import type { Transaction } from '../database/client.ts'

/** Every job that the service gives to its queue, by name, with its payload. A payload never holds a secret. */
export interface JobPayloads {
  send_mail: { readonly mailId: string }
  lift_suppression: { readonly address: string }
  address_security_events: { readonly accountId: string }
  deliver_security_events: { readonly accountId: string; readonly url: string }
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
}

/**
 * Adds a job in the caller's transaction, so that the job exists exactly if the change is committed. One more job is
 * added by a statement of its own, in database/session-statements.ts: `address_security_events`, for a reused refresh
 * token.
 */
export async function addJob<Name extends JobName>(
  tx: Transaction,
  name: Name,
  payload: JobPayloads[Name],
  options: JobOptions = {},
): Promise<void> {
  const { delaySeconds = 0, key = null, keyMode = 'replace', queue = null } = options
  await tx.$executeRaw`
    SELECT graphile_worker.add_job(${name}::text, ${JSON.stringify(payload)}::json, queue_name => ${queue}::text,
      run_at => now() + make_interval(secs => ${delaySeconds}::float8), job_key => ${key}::text,
      job_key_mode => ${keyMode}::text)`
}
