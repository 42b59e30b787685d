import type { TaskList } from 'graphile-worker'
import type { Deps } from '../deps.ts'
import { advanceSigningKeys } from '../domain/keys/rotate-signing-key.ts'
import { addressSecurityEvents } from '../domain/security-events/address-security-events.ts'
import type { Mailer } from '../mail/mailer.ts'
import { purgeAuditTrail } from '../operations/purge-audit-trail.ts'
import { purgeExpired } from '../operations/purge-expired.ts'
import { deliverMail } from './deliver-mail.ts'
import { deliverSecurityEvents } from './deliver-security-events.ts'

/** Everything the worker does, by the name its jobs have in the queue. */
export function createTasks(deps: Deps, mailer: Mailer): TaskList {
  return {
    send_mail: (payload) => deliverMail(deps, mailer, (payload as { mailId: string }).mailId),
    lift_suppression: (payload) => mailer.liftSuppression((payload as { address: string }).address),
    address_security_events: (payload) => addressSecurityEvents(deps, (payload as { accountId: string }).accountId),
    deliver_security_events: (payload, { abortSignal }) =>
      deliverSecurityEvents(deps, payload as { accountId: string; url: string }, abortSignal),
    purge_expired: () => purgeExpired(deps),
    rotate_signing_keys: () => advanceSigningKeys(deps),
    purge_audit_trail: () => purgeAuditTrail(deps),
  }
}

/** When the worker does things unasked, in cron's words (UTC). */
export const CRONTAB = [
  '17 * * * * purge_expired',
  '43 3 * * * purge_audit_trail',
  '*/5 * * * * rotate_signing_keys',
].join('\n')
