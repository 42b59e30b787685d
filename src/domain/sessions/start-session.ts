import { newId } from '../../database/new-id.ts'
import { endExcessSessions, insertSession } from '../../database/sign-in-statements.ts'
import type { Connection } from '../../database/statement.ts'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../events/record-event.ts'
import type { SessionGrant } from './session-grant.ts'

/** The limit of concurrent sessions (ASVS 7.1.2). Above it, a sign-in revokes the oldest session. */
const MOST_SESSIONS = 20

/** Starts a session for a person who has just proven who they are. The account's row must be locked. */
export async function startSession(
  deps: Deps,
  connection: Connection,
  input: { accountId: string; credentialVersion: number; origin: Origin; now: Date },
): Promise<SessionGrant> {
  const { accountId, credentialVersion, now } = input
  const sessionId = newId()
  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.refreshToken * 1000)
  const sessionIds = await insertSession(
    connection,
    { ...input, id: sessionId, expiresAt },
    { eventId: newId(), mostSessions: MOST_SESSIONS },
  )
  if (sessionIds.length > 0) await endExcessSessions(connection, { accountId, sessionIds, now })
  return { sessionId, accountId, credentialVersion, authenticatedAt: now, expiresAt, refreshCounter: 1, now }
}
