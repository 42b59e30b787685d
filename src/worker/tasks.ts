import type { TaskList } from 'graphile-worker'
import type { Deps } from '../deps.ts'
import { advanceSigningKeys } from '../domain/keys/rotate-signing-key.ts'
import type { Mailer } from '../mail/mailer.ts'
import { purgeExpired } from '../operations/purge-expired.ts'
import { deliverMail } from './deliver-mail.ts'

/** Everything the worker does, by the name its jobs have in the queue. */
export function createTasks(deps: Deps, mailer: Mailer): TaskList {
  return {
    send_mail: (payload) => deliverMail(deps, mailer, (payload as { mailId: string }).mailId),
    purge_expired: () => purgeExpired(deps),
    rotate_signing_keys: () => advanceSigningKeys(deps),
  }
}

/** When the worker does things unasked, in cron's words (UTC). */
export const CRONTAB = ['17 * * * * purge_expired', '*/5 * * * * rotate_signing_keys'].join('\n')
