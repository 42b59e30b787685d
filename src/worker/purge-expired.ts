import { Prisma } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import { KNOWN_NETWORK_DAYS } from '../domain/throttle/known-networks.ts'
import { deleteInBatches } from './delete-in-batches.ts'

const DAY_MS = 86_400_000
/** Large enough that the whole purge is quick, and small enough that each statement, with its cascades, is short. */
const BATCH = 5_000
/**
 * A session is kept for this long after it expires: until then a consumed refresh token is recognised, and Support can
 * see the session.
 */
const SESSION_DAYS = 1
const LINK_DAYS = 30
const MAIL_DAYS = 90
const THROTTLE_DAYS = 7

type Before = (days: number) => Date

/**
 * Deletes rows that have expired and that Support no longer needs. The worker runs it every hour, on one replica. Rows that
 * a flood or an outage has left are deleted in as many batches as it takes. If one table fails, the others are still
 * purged.
 *
 * @throws the error of the first table that failed, once all others are done.
 */
export async function purgeExpired(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  const before: Before = (days) => new Date(now.getTime() - days * DAY_MS)
  const revertDays = deps.config.lifetimes.revertToken / 86_400
  const purged: Record<string, number> = {}
  const failures: unknown[] = []
  for (const [what, purge] of Object.entries(purges)) {
    try {
      const { text, values } = purge(before, revertDays)
      // Written by hand, so that a worker that only purges does not load Prisma's query compiler.
      purged[what] = await deleteInBatches(BATCH, async () => (await deps.pool.query(text, values)).rowCount ?? 0)
    } catch (error) {
      failures.push(error)
    }
  }
  deps.log.info({ purged }, 'purged')
  if (failures.length > 0) throw failures[0]
}

const purges: Readonly<Record<string, (before: Before, revertDays: number) => Prisma.Sql>> = {
  sessions: (before) => Prisma.sql`
    DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ${before(SESSION_DAYS)} LIMIT ${BATCH})`,
  reauthentications: (before) => Prisma.sql`
    DELETE FROM reauthentications WHERE token_hash IN
      (SELECT token_hash FROM reauthentications WHERE expires_at < ${before(1)} LIMIT ${BATCH})`,
  registrations: (before) => Prisma.sql`
    DELETE FROM registrations WHERE id IN (SELECT id FROM registrations WHERE expires_at < ${before(0)} LIMIT ${BATCH})`,
  mailedTokens: (before) => Prisma.sql`
    DELETE FROM mailed_tokens WHERE token_hash IN
      (SELECT token_hash FROM mailed_tokens WHERE expires_at < ${before(LINK_DAYS)} LIMIT ${BATCH})`,
  mails: (before) => Prisma.sql`
    DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE queued_at < ${before(MAIL_DAYS)} LIMIT ${BATCH})`,
  // These are changes that were never confirmed, after the links in their notices have expired. Confirmed changes are
  // kept, because they show who had an address.
  emailChanges: (before, revertDays) => Prisma.sql`
    DELETE FROM email_changes WHERE id IN
      (SELECT id FROM email_changes WHERE confirmed_at IS NULL
         AND expires_at < ${before(Math.max(MAIL_DAYS, revertDays))} LIMIT ${BATCH})`,
  // These are suppressed addresses that no account has.
  suppressedAddresses: (before) => Prisma.sql`
    DELETE FROM suppressed_addresses WHERE address IN
      (SELECT address FROM suppressed_addresses s WHERE since < ${before(MAIL_DAYS)}
         AND NOT EXISTS (SELECT FROM addresses a WHERE a.address = s.address) LIMIT ${BATCH})`,
  securityEvents: (before) => Prisma.sql`
    DELETE FROM security_events WHERE id IN
      (SELECT id FROM security_events WHERE at < ${before(MAIL_DAYS)} LIMIT ${BATCH})`,
  revokedTokens: (before) => Prisma.sql`
    DELETE FROM revoked_tokens WHERE token_id IN
      (SELECT token_id FROM revoked_tokens WHERE expires_at < ${before(1)} LIMIT ${BATCH})`,
  throttles: (before) => Prisma.sql`
    DELETE FROM throttles WHERE key IN
      (SELECT key FROM throttles WHERE updated_at < ${before(THROTTLE_DAYS)}
         AND (succeeded_at IS NULL OR succeeded_at < ${before(KNOWN_NETWORK_DAYS)}) LIMIT ${BATCH})`,
  useCounters: (before) => Prisma.sql`
    DELETE FROM use_counters WHERE key IN
      (SELECT key FROM use_counters WHERE window_ends_at < ${before(0)} LIMIT ${BATCH})`,
}
