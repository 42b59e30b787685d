import type { Pool } from './client.ts'
import { isWriteConflict } from './connection/connection-errors.ts'

/**
 * The statements that run for every request of a session. They are written by hand and named, because one statement
 * through `pg` is about eight times faster than a Prisma transaction (docs/decisions/0004). A refresh is one statement
 * also because that makes it atomic without an explicit lock.
 */

export interface LiveSession {
  readonly sessionId: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
  readonly account: OwnAccount
}

/** An account as its holder sees it. */
export interface OwnAccount {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  /** The new address of an email change that can still be confirmed. */
  readonly pendingEmail: string | null
  readonly createdAt: Date
  readonly passwordChangedAt: Date | null
  /** The BCP 47 tag of the language that the person reads mail in. */
  readonly locale: string | null
}

/** Reads a session and its account by primary key; null if the session has ended or the account is disabled. */
export async function readLiveSession(pool: Pool, sessionId: string, now: Date): Promise<LiveSession | null> {
  const { rows } = await pool.query<Omit<LiveSession, 'account'> & OwnAccount>({
    name: 'read-live-session',
    text: READ_LIVE_SESSION,
    values: [sessionId, now],
  })
  const [row] = rows
  if (!row) return null
  const { credentialVersion, authenticatedAt } = row
  const { id, email, emailVerified, pendingEmail, createdAt, passwordChangedAt, locale } = row
  const account = { id, email, emailVerified, pendingEmail, createdAt, passwordChangedAt, locale }
  return { sessionId: row.sessionId, credentialVersion, authenticatedAt, account }
}

const READ_LIVE_SESSION = `
  SELECT s.id AS "sessionId", s.credential_version AS "credentialVersion", s.authenticated_at AS "authenticatedAt",
         a.id, a.email, a.email_verified_at IS NOT NULL AS "emailVerified", a.created_at AS "createdAt",
         a.password_changed_at AS "passwordChangedAt", a.locale,
         (SELECT c.to_email FROM email_changes c
          WHERE c.account_id = a.id AND c.confirmed_at IS NULL AND c.ended_at IS NULL AND c.expires_at > $2
          LIMIT 1) AS "pendingEmail"
  FROM sessions s JOIN accounts a ON a.id = s.account_id
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
    AND a.disabled_at IS NULL AND a.credential_version = s.credential_version`

export interface RotatedSession {
  readonly accountId: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  /** The number of the refresh token that is valid from now on. */
  readonly refreshCounter: number
  readonly wasReused: boolean
}

/**
 * Consumes refresh token number `counter` of a session. After a wait for a concurrent update, PostgreSQL evaluates the
 * conditions again on the new row. If twenty requests send the same token, the first one advances the counter. For the
 * others, the token is now the previous one; within the reuse window they get the same new token. If such a request
 * comes from another network than the first one, an audit event is recorded (once per rotation). Any older token counts
 * as stolen: the session and its pending email change end, and the event is recorded for the audit trail and for other
 * systems. All of this is committed although the request fails.
 *
 * If there is no result, the statement runs again, for two reasons. The first run may have waited for the session's row.
 * It then sees the new session but the old account, and wrongly refuses a session whose email change was just confirmed.
 * Or the first run may have been aborted by a deadlock, and a theft must still be recorded.
 *
 * @returns null if the session has ended, its account is disabled, or a password change has invalidated the token.
 */
export async function rotateRefreshToken(
  pool: Pool,
  input: {
    sessionId: string
    counter: number
    now: Date
    reuseWindowSeconds: number
    /** The id of the audit event, if one is recorded. */
    eventId: string
    origin: { ip: string; userAgent: string | null; requestId: string }
    /** A keyed hash of the network that the request comes from. */
    network: string
  },
): Promise<RotatedSession | null> {
  const { sessionId, counter, now, reuseWindowSeconds, eventId, network } = input
  const { ip, userAgent, requestId } = input.origin
  const rotate = async () => {
    const { rows } = await pool.query<RotatedSession>({
      name: 'rotate-refresh-token',
      text: ROTATE_REFRESH_TOKEN,
      values: [sessionId, counter, now, reuseWindowSeconds, eventId, ip, userAgent, requestId, network],
    })
    return rows[0] ?? null
  }
  const rotated = await rotate().catch((error: unknown) => {
    if (isWriteConflict(error)) return null
    throw error
  })
  return rotated ?? (await rotate())
}

const IS_REUSED = `($2 < s.refresh_counter
  AND NOT ($2 = s.refresh_counter - 1 AND s.rotated_at > $3::timestamptz - make_interval(secs => $4)))`

/**
 * The predecessor comes from a network other than the one that received its successor, for the first time since the
 * last rotation.
 */
const IS_SHARED = `($2 = s.refresh_counter - 1 AND s.rotated_network <> $9 AND s.shared_event_id IS NULL)`

const ROTATE_REFRESH_TOKEN = `
  WITH rotated AS (
    UPDATE sessions s SET
      refresh_counter = CASE WHEN $2 = s.refresh_counter THEN s.refresh_counter + 1 ELSE s.refresh_counter END,
      rotated_at = CASE WHEN $2 = s.refresh_counter THEN $3 ELSE s.rotated_at END,
      rotated_network = CASE WHEN $2 = s.refresh_counter THEN $9 ELSE s.rotated_network END,
      shared_event_id = CASE WHEN $2 = s.refresh_counter THEN NULL WHEN ${IS_SHARED} THEN $5::uuid ELSE s.shared_event_id END,
      last_seen_at = $3,
      last_ip = $6,
      ended_at = CASE WHEN ${IS_REUSED} THEN $3::timestamptz END,
      end_reason = CASE WHEN ${IS_REUSED} THEN 'refresh_token_reused' END
    FROM accounts a
    WHERE s.id = $1 AND a.id = s.account_id AND s.ended_at IS NULL AND s.expires_at > $3
      AND a.disabled_at IS NULL AND a.credential_version = s.credential_version
      AND $2::int BETWEEN s.refresh_floor AND s.refresh_counter
    RETURNING s.*, s.ended_at IS NOT NULL AS was_reused, s.shared_event_id = $5::uuid AS was_shared
  ), event AS (
    INSERT INTO events (id, at, type, outcome, account_id, session_id, actor_type, ip, user_agent, request_id)
    SELECT $5, $3, CASE WHEN was_reused THEN 'session.refresh_token_reused' ELSE 'session.refresh_shared' END,
           CASE WHEN was_reused THEN 'failure' ELSE 'success' END, account_id, id, 'anonymous', $6, $7, $8
    FROM rotated WHERE was_reused OR was_shared
  ), told AS (
    INSERT INTO security_events (id, at, type, account_id, session_id, actor_type)
    SELECT $5, $3, 'session.refresh_token_reused', account_id, id, 'anonymous' FROM rotated WHERE was_reused
    RETURNING account_id
  ), job AS (
    SELECT graphile_worker.add_job('address_security_events', json_build_object('accountId', account_id)) FROM told
  ), change AS (
    UPDATE email_changes c SET ended_at = $3, end_reason = 'session_ended'
    FROM rotated r
    WHERE r.was_reused AND c.account_id = r.account_id AND c.session_id = r.id AND c.confirmed_at IS NULL AND c.ended_at IS NULL
  )
  SELECT account_id AS "accountId", credential_version AS "credentialVersion", authenticated_at AS "authenticatedAt",
         expires_at AS "expiresAt", refresh_counter AS "refreshCounter", was_reused AS "wasReused"
  FROM rotated LEFT JOIN job ON true -- PostgreSQL would not run "job" if nothing referred to it`
