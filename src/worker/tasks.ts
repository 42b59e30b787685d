import type { JobHelpers, TaskList } from 'graphile-worker'
import type { Deps } from '../deps.ts'
import type { JobName, JobPayloads } from '../domain/jobs.ts'
import { advanceSecretKeys } from '../domain/key-rotation/advance-secret-keys.ts'
import { advanceSigningKeys } from '../domain/key-rotation/rotate-signing-key.ts'
import { deleteRemainingRegistrations } from '../domain/registration/delete-registrations.ts'
import { addressSecurityEvents } from '../domain/security-events/address-security-events.ts'
import { finishErasure } from '../domain/support/erasure/finish-erasure.ts'
import { sealImportedHashes } from '../domain/support/import/seal-imported-hashes.ts'
import type { Mailer } from '../mail/mailer.ts'
import { addPartitions } from './add-partitions.ts'
import { deliverSecurityEvents } from './deliver-security-events.ts'
import { createMailSender } from './mail-lanes.ts'
import { purgeAuditTrail } from './purge-audit-trail.ts'
import { purgeExpired } from './purge-expired.ts'

/** One function for each job that `addJob` can add: a job without one does not compile. */
type JobTasks = {
  readonly [Name in JobName]: (payload: JobPayloads[Name], helpers: JobHelpers) => Promise<void>
}

/**
 * Creates the function for each job, by the job's name in the queue. Call it once per worker, because its functions
 * share state.
 */
export function createTasks(deps: Deps, mailer: Mailer): TaskList {
  const sendMail = createMailSender(deps, mailer)
  const jobTasks: JobTasks = {
    send_mail: ({ mailId }) => sendMail(mailId),
    send_reset_mail: ({ mailId }) => sendMail(mailId),
    send_registration_mail: ({ mailId }) => sendMail(mailId),
    lift_suppression: ({ address }) => mailer.liftSuppression(address),
    address_security_events: ({ accountId }) => addressSecurityEvents(deps, accountId),
    deliver_security_events: (delivery, { abortSignal }) => deliverSecurityEvents(deps, delivery, abortSignal),
    finish_erasure: (erasure) => finishErasure(deps, erasure),
    delete_registrations: (registrations) => deleteRemainingRegistrations(deps, registrations),
  }
  const cronTasks = {
    purge_expired: () => purgeExpired(deps),
    rotate_signing_keys: async () => {
      await advanceSigningKeys(deps)
      await advanceSecretKeys(deps)
    },
    seal_imported_hashes: async () => void (await sealImportedHashes(deps)),
    purge_audit_trail: () => purgeAuditTrail(deps),
    add_partitions: () => addPartitions(deps),
  }
  // The queue stores payloads as JSON, without a type. All code that adds a job writes the payload that `JobPayloads` names.
  return { ...(jobTasks as TaskList), ...cronTasks }
}

/** When the worker runs the tasks that no request adds, in cron's notation, in UTC. */
export const CRONTAB = [
  '17 * * * * purge_expired',
  '43 3 * * * purge_audit_trail',
  '3 3 * * * add_partitions',
  '*/5 * * * * rotate_signing_keys',
  '23 4 * * * seal_imported_hashes',
].join('\n')
