import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { endSessionsOfAccount } from './end-sessions-of-account.ts'
import type { SessionGrant } from './session-grant.ts'

/** The limit of concurrent sessions (ASVS 7.1.2). Above it, a sign-in revokes the oldest session. */
const MOST_SESSIONS = 20

/** Opens a session for a person who has just proven who they are. The account's row must be locked. */
export async function startSession(
  deps: Deps,
  tx: Transaction,
  input: { accountId: string; credentialVersion: number; origin: Origin; now: Date },
): Promise<SessionGrant> {
  const { accountId, credentialVersion, origin, now } = input
  const sessionId = uuidv7()
  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.refreshToken * 1000)
  await tx.session.create({
    data: {
      id: sessionId,
      accountId,
      credentialVersion,
      ip: origin.ip,
      lastIp: origin.ip,
      userAgent: origin.userAgent,
      createdAt: now,
      rotatedAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
      expiresAt,
    },
  })
  await endOldestSessions(tx, accountId, now)
  await recordEvent(tx, { type: 'login', at: now, accountId, sessionId, origin })
  return { sessionId, accountId, credentialVersion, authenticatedAt: now, expiresAt, refreshCounter: 1, now }
}

async function endOldestSessions(tx: Transaction, accountId: string, now: Date): Promise<void> {
  const tooMany = await tx.session.findMany({
    where: { accountId, endedAt: null, expiresAt: { gt: now } },
    orderBy: { createdAt: 'desc' },
    skip: MOST_SESSIONS,
    select: { id: true },
  })
  for (const { id } of tooMany)
    await endSessionsOfAccount(tx, { accountId, only: id, reason: 'too_many_sessions', now })
}
