import type { Deps } from '../deps.ts'
import { KNOWN_NETWORK_DAYS } from '../domain/throttle.ts'

const DAY_MS = 86_400_000
/** A spent refresh token must be recognised as long as its session could have lived, and ended sessions explain themselves. */
const SESSION_DAYS = 1
const LINK_DAYS = 30
const MAIL_DAYS = 90
const THROTTLE_DAYS = 7

/** Deletes what has expired and is no longer worth explaining to anybody. Run every hour, on one replica. */
export async function purgeExpired(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS)
  const { db } = deps
  const purged = {
    sessions: await db.session.deleteMany({ where: { expiresAt: { lt: before(SESSION_DAYS) } } }),
    reauthentications: await db.reauthentication.deleteMany({ where: { expiresAt: { lt: before(1) } } }),
    registrations: await db.registration.deleteMany({ where: { expiresAt: { lt: now } } }),
    mailedTokens: await db.mailedToken.deleteMany({ where: { expiresAt: { lt: before(LINK_DAYS) } } }),
    mails: await db.mail.deleteMany({ where: { queuedAt: { lt: before(MAIL_DAYS) } } }),
    securityEvents: await db.securityEvent.deleteMany({ where: { at: { lt: before(MAIL_DAYS) } } }),
    revokedTokens: await db.revokedToken.deleteMany({ where: { expiresAt: { lt: before(1) } } }),
    throttles: await db.throttle.deleteMany({
      where: {
        updatedAt: { lt: before(THROTTLE_DAYS) },
        OR: [{ succeededAt: null }, { succeededAt: { lt: before(KNOWN_NETWORK_DAYS) } }],
      },
    }),
  }
  deps.log.info(
    { purged: Object.fromEntries(Object.entries(purged).map(([what, { count }]) => [what, count])) },
    'purged',
  )
}
